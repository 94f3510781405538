/** Commands on the pages have options and files that exist; the pages that follow from the code are current. */
import '../../support/fake-addon.js'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, test } from 'vitest'
import { commandLinePage } from '../../../scripts/docs/command-line-page.mjs'
import { eventsPage, SOURCES } from '../../../scripts/docs/events-page.mjs'
import { allCommands } from '../../../src/cli/commands.js'
import { findConfig } from '../../../src/config/shipped.js'
import { blocksOf, pages, pageText, root } from '../../support/pages.js'

const commandLine = pageText('docs/command-line.md')

/** The options of each command, from the page that lists them. */
const OPTIONS = new Map(
  commandLine
    .split(/^## /m)
    .slice(1)
    .map((section): [string, string[]] => {
      const name = /^`(\w+)`/.exec(section)?.[1] ?? ''
      return [name, [...section.matchAll(/^\| `(--[\w-]+)`/gm)].map(([, option]) => option)]
    }),
)

/** Commands of a text: the words after `pada-native`, up to the end of the command. */
function commandsIn(text: string): string[][] {
  const joined = text.replaceAll('\\\n', ' ')
  return [...joined.matchAll(/\bpada-native ((?:"[^"]*"|'[^']*'|[^|&;#\n`"')])+)/g)].map(([, words]) =>
    words.trim().split(/\s+/),
  )
}

const written = pages
  .filter((page) => page !== 'docs/command-line.md')
  .flatMap((page) => [
    ...blocksOf(page).flatMap(({ code }) => commandsIn(code)),
    ...[...pageText(page).matchAll(/`([^`\n]+)`/g)].flatMap(([, code]) => commandsIn(code)),
  ])

const commands = written.filter(([name]) => OPTIONS.has(name))

describe('commands on the pages', () => {
  it('exist', () => {
    // The options of no command, or the bare name of the package.
    const unknown = written.map(([name]) => name).filter((name) => !OPTIONS.has(name) && !/^(--\w+)?$/.test(name))
    expect(unknown).toEqual([])
  })

  it('are many', () => {
    expect(OPTIONS.size).toBeGreaterThan(15)
    expect(commands.length).toBeGreaterThan(60)
  })

  it('have options that exist', () => {
    const unknown = commands.flatMap(([name, ...words]) =>
      words
        .filter((word) => /^--[\w-]+/.test(word) && word !== '--help')
        .filter((word) => !OPTIONS.get(name)?.includes(word.replace(/=.*/, '').replace(/[^\w-]+$/, '')))
        .map((word) => `${name} ${word}`),
    )
    expect(unknown).toEqual([])
  })

  it('name configurations that the package ships', () => {
    const named = commands.flatMap((words) => words.flatMap((word, at) => (word === '--config' ? [words[at + 1]] : [])))
    const shipped = named.filter((name) => /^[a-z]/.test(name) && !['mine.yaml', 'recipe.yaml'].includes(name))
    expect(shipped.length).toBeGreaterThan(15)
    expect(shipped.filter((name) => findConfig(name) === name)).toEqual([])
  })

  it('are in blocks of `sh`, which a test runs unless they say what they need', () => {
    const bare = pages
      .filter((page) => page !== 'docs/command-line.md')
      .flatMap(blocksOf)
      .filter(
        ({ language, code }) => language === '' && /^npx pada-native|^npm /m.test(code) && !/^#SBATCH/m.test(code),
      )
    expect(bare).toEqual([])
  })
})

test.each([
  ['docs/command-line.md', async () => commandLinePage(await allCommands())],
  ['docs/events.md', async () => eventsPage(SOURCES.map((file) => join(root, file)))],
])('%s is what `npm run docs:reference` writes', async (file, write) => {
  expect(readFileSync(join(root, file), 'utf8')).toBe(await write())
})

test('the page of events has every event, its fields, their types and words', () => {
  const page = pageText('docs/events.md')
  const files = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
  const sources = files
    .filter((file) => /(\bevents|^runs\W.*)\.ts$/.test(file))
    .map((file) => readFileSync(join(root, 'src', file), 'utf8'))
  const kinds = sources.flatMap((text) => [...text.matchAll(/^ {2}readonly event: '(\w+)'$/gm)].map(([, kind]) => kind))
  expect(kinds.length).toBeGreaterThan(15)
  for (const kind of kinds) expect(page).toContain(`\n### \`${kind}\`\n`)
  const row = (field: string) => page.split('\n').find((line) => line.startsWith(`| \`${field}\` |`))
  expect(row('kendallTau')).toMatch(/\| `number \\\| null` \| Kendall's tau-b/)
  expect(row('resumed?')).toContain('absent for a new run')
})

test('the page of commands has options of every kind', () => {
  const row = (option: string) => commandLine.split('\n').find((line) => line.startsWith(`| ${option} |`))
  expect(row('`--top` N')).toContain('| 1, the best |')
  expect(row('`--json`')).toContain('One JSON object per line')
  expect(row('`--mode` NAME')).toContain('| train | Training steps or evaluations. One of `train`, `eval`. |')
  expect(commandLine).toContain('\nNot together: `--resume` and `--out`.\n')
})
