/** Pages for users name everything that settings and the command line can name. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { commandsFor } from '../../../src/cli/commands.js'
import { AUGMENTATIONS } from '../../../src/config/augmentation.js'
import { finding } from '../../../src/config/finding.js'
import { METHODS } from '../../../src/config/methods.js'
import { SPACES, space } from '../../../src/config/spaces.js'
import { FORMATS } from '../../../src/data/index.js'
import { NAME_MAP_NAMES } from '../../../src/weights/name-maps/index.js'

const root = fileURLToPath(new URL('../../..', import.meta.url))
const read = (file: string) => readFileSync(join(root, file), 'utf8')

/** Of some names those that a page does not have in code, as `name` or at the beginning of a code. */
const missing = (page: string, names: Iterable<string>) => {
  const text = read(page)
  return [...names].filter((name) => !new RegExp(`\`${name}[ \`]`).test(text))
}

describe('pages name', () => {
  it.each([
    ['docs/choose-a-method.md', 'methods', METHODS],
    ['docs/methods.md', 'methods', METHODS],
    ['docs/spaces.md', 'spaces', SPACES],
    ['docs/images.md', 'augmentations', AUGMENTATIONS],
    ['docs/images.md', 'formats of images', Object.keys(FORMATS)],
    ['docs/checkpoints.md', 'names that import knows', NAME_MAP_NAMES],
    ['docs/find-within-limits.md', 'search algorithms', finding.options.map(({ shape }) => shape.algorithm.value)],
  ] as const)('%s: all %s', (page, _, names) => {
    expect(names.length).toBeGreaterThan(1)
    expect(missing(page, names)).toEqual([])
  })

  it('docs/scripting.md: all commands', async () => {
    const commands = (await commandsFor([])).map(({ command }) => String(command).split(' ')[0])
    expect(commands.length).toBeGreaterThan(10)
    expect(missing('docs/scripting.md', commands)).toEqual([])
  })
})

it('configs/ has a smoke configuration for every group of spaces with the same settings', () => {
  const files = readdirSync(join(root, 'configs')).filter((file) => /^(?!retrain-).*-smoke\.yaml$/.test(file))
  const shown = files.map((file) => parse(read(`configs/${file}`)).space.name)
  for (const { shape } of space.options) {
    const names: readonly string[] = [...shape.name.values]
    expect(
      names.some((name) => shown.includes(name)),
      names.join(' or '),
    ).toBe(true)
  }
})
