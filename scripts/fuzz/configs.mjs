#!/usr/bin/env node
/**
 * Reads damaged settings of searches, retrainings and experiments, which must be refused in a sentence or read.
 *
 *     node scripts/fuzz/configs.mjs [--cases 100000] [--seed 0]
 *
 * Damages the files of `configs/` and of the tests: lines, keys and values are changed, moved and taken from each other,
 * a few bytes too. See checkpoints.mjs for what is printed. Needs `npm run build`.
 */
import '../report-errors.mjs'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { loadConfig, UserError } from 'pada-native'
import { loadRetrainConfig } from '#dist/config/index.js'
import { loadExperiment } from '#dist/experiment/settings.js'
import { complaintOfError, mutate } from './mutate.mjs'
import { fuzz } from './run.mjs'

/** What stands in the place of a value, each of which is YAML. */
const VALUES = [
  ...[
    '',
    '~',
    'true',
    '0',
    '-1',
    '0.5',
    '1e-300',
    '1e400',
    '.nan',
    '.inf',
    '-.inf',
    '9007199254740993',
    '0x10',
    '1_000',
  ],
  ...[
    '[]',
    '{}',
    '[[]]',
    '[~]',
    '{ kind: ~ }',
    '{ kind: sgd }',
    '{ name: pada }',
    '[1, 2, 3]',
    '{ a: { b: { c: 1 } } }',
  ],
  ...[
    '""',
    '" "',
    "'x'",
    '2020-01-01',
    '!!binary aGk=',
    '!!set {}',
    '!!map []',
    '!unknown x',
    '&a [*a]',
    '*missing',
    '<<',
  ],
  ...[
    '__proto__',
    'constructor',
    '../..',
    '~/x',
    '$HOME',
    '\u0000',
    '\ud83d\ude00',
    'x'.repeat(5000),
    '|2',
    '>-',
    '? x',
    '- - -',
  ],
]
const KEYS = [
  'kind',
  'name',
  'algorithm',
  'space',
  'path',
  '__proto__',
  'constructor',
  '<<',
  '1',
  '""',
  '~',
  'a b',
  '? ',
]

/** @typedef {'search' | 'retraining' | 'experiment'} Kind */

const root = new URL('../../', import.meta.url)
const sources = ['configs', 'configs/experiments', 'test/cli'].flatMap((folder) =>
  readdirSync(new URL(folder, root))
    .filter((name) => name.endsWith('.yaml'))
    .sort()
    .map((name) => {
      const text = readFileSync(new URL(`${folder}/${name}`, root), 'utf8').replace(/^#.*\n/gm, '')
      const isExperiment = folder.endsWith('experiments') || name === 'experiment.yaml'
      return {
        text,
        kind: /** @type {Kind} */ (isExperiment ? 'experiment' : /^network:/m.test(text) ? 'retraining' : 'search'),
      }
    }),
)
if (new Set(sources.map(({ kind }) => kind)).size < 3)
  throw new Error('Expected files of three kinds but received fewer')

const folder = mkdtempSync(join(tmpdir(), 'pada-configs-'))
process.on('exit', () => rmSync(folder, { recursive: true }))
// An experiment names the settings of its searches, which are whole.
writeFileSync(join(folder, 'base.yaml'), readFileSync(new URL('test/cli/tiny.yaml', root)))

await fuzz({
  damaged(random) {
    const { text, kind } = random.pick(sources)
    const lines = text.replace(/^config:.*$/m, 'config: base.yaml').split('\n')
    const others = random.pick(sources).text.split('\n')
    for (let times = 1 + random.below(4); times > 0; times--) damage(lines, others, random)
    const bytes = Buffer.from(lines.join('\n'))
    return { bytes: random.below(8) === 0 ? mutate(bytes, random) : bytes, kind }
  },
  read: async ({ bytes, kind }) => {
    const file = join(folder, 'damaged.yaml')
    writeFileSync(file, bytes)
    if (kind === 'search') return loadConfig({ file })
    return kind === 'retraining' ? loadRetrainConfig({ file }) : loadExperiment(file)
  },
  complaint: (outcome) => {
    if (outcome instanceof Error) return complaintOfError(outcome, UserError, 20_000)
    return typeof outcome === 'object' && outcome !== null ? undefined : `settings that are ${outcome}`
  },
})

/**
 * Changes one line of a file of settings.
 *
 * @param {string[]} lines
 * @param {readonly string[]} others Of another file.
 * @param {import('./mutate.mjs').RandomSource} random
 */
function damage(lines, others, random) {
  const at = random.below(lines.length)
  const line = lines[at] ?? ''
  switch (random.below(9)) {
    case 0:
      lines.splice(at, 1)
      break
    case 1:
      lines.splice(random.below(lines.length), 0, line)
      break
    case 2:
      lines.splice(at, 0, random.pick(others))
      break
    case 3:
      lines[at] = random.below(2) === 0 ? `  ${line}` : line.replace(/^ {1,2}/, '')
      break
    case 4:
      lines[at] = line.replace(/\w+(?=:)/, random.pick(KEYS))
      break
    case 5: {
      // One of the values in braces, such as `{ kind: flip }`, or a key there.
      const inner = [...line.matchAll(/[^\s{}[\],:]+/g)]
      if (inner.length === 0) break
      const { index, 0: word } = random.pick(inner)
      lines[at] =
        line.slice(0, index) + random.pick(random.below(4) === 0 ? KEYS : VALUES) + line.slice(index + word.length)
      break
    }
    default:
      lines[at] = line.replace(/:.*$|- .*$/, (old) => `${old[0]} ${random.pick(VALUES)}`)
  }
}
