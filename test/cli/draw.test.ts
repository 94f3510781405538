import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import sharp from 'sharp'
import { expect, test } from 'vitest'
import { stringify } from 'yaml'
import { parseRetrainConfig } from '../../src/config/index.js'
import type { ResultEvent } from '../../src/search/events.js'
import { pada, temporaryFolder, tiny } from '../support/harness.js'

const MACRO = '02012100'

/** Neither data nor the addon is needed. */
const env = { LIBTORCH: 'nowhere' }

test('draw PATH: SVG and PNG, in the space that knows the path', async () => {
  const cwd = temporaryFolder()
  const text = await pada(['draw', MACRO, '--out', 'row.svg'], { cwd, env })
  expect(text.code, text.stderr).toBe(0)
  expect(text.stdout).toBe(`nasbench-macro: ${MACRO}\nDrawn in row.svg\n`)
  const svg = readFileSync(join(cwd, 'row.svg'), 'utf8')
  expect(svg).toContain(`<title>Architecture of nasbench-macro: ${MACRO}</title>`)
  expect(svg.match(/class="block /g)).toHaveLength(10 + 5)

  const json = await pada(['draw', '4,0,3,3,3,1', '--out', 'cell.png', '--json'], { cwd, env })
  expect(json.code, json.stderr).toBe(0)
  const arch = '|avg_pool_3x3~0|+|none~0|nor_conv_3x3~1|+|nor_conv_3x3~0|nor_conv_3x3~1|skip_connect~2|'
  const facts = { event: 'result', space: 'nasbench201', path: [4, 0, 3, 3, 3, 1], arch, output: 'cell.png' }
  expect(JSON.parse(json.stdout)).toEqual(facts)
  const { format, width } = await sharp(readFileSync(join(cwd, 'cell.png'))).metadata()
  expect(format).toBe('png')
  expect(width).toBeGreaterThan(1000)
})

test('draw PATH --space --set: a space of another size', async () => {
  const out = join(temporaryFolder(), 'short.svg')
  const set = ['--set', 'space.layers=[1,1,2,1,1,1]', 'space.width=0.5']
  const outcome = await pada([
    'draw',
    'k3e3|k5e3|k7e6|id|k3e6|k3e3|k7e3',
    '--space',
    'proxylessnas',
    ...set,
    '--out',
    out,
  ])
  expect(outcome.code, outcome.stderr).toBe(0)
  const svg = readFileSync(out, 'utf8')
  expect(svg.split('class="legend"')[0].match(/class="block (?!fixed)/g)).toHaveLength(7)
  expect(svg).toContain('>160<')
})

test('draw RUN: the best found sub-model of a search, and another one', async () => {
  const folder = temporaryFolder()
  const run = join(folder, 'run')
  const finding =
    'finding={algorithm: evolution, population: 6, generations: 2, parents: 2, mutations: 3, crossovers: 2}'
  const searched = await pada(['search', ...tiny(finding), '--out', run, '--json'])
  expect(searched.code, searched.stderr).toBe(0)
  const { found }: ResultEvent = JSON.parse(readFileSync(join(run, 'summary.json'), 'utf8'))
  for (const [top, rest] of [
    [1, []],
    [2, ['--top', '2']],
  ] as const) {
    const out = join(folder, `${top}.svg`)
    const outcome = await pada(['draw', run, '--out', out, ...rest, '--json'], { env })
    expect(outcome.code, outcome.stderr).toBe(0)
    const { arch, origin } = JSON.parse(outcome.stdout)
    expect(arch).toBe(found!.best[top - 1].arch)
    expect(origin).toMatch(new RegExp(`^found ${top} in ${run}, on [0-9]+ images$`))
    expect(readFileSync(out, 'utf8')).toContain(found!.best[top - 1].arch)
  }
  const beyond = await pada(['draw', run, '--out', join(folder, 'a.svg'), '--top', '999'], { env })
  expect(beyond.stderr).toBe(`pada-native: Expected 1 to ${found!.best.length} for --top but received 999\n`)
  expect(beyond.code).toBe(2)
})

test('draw RUN: the network of a retraining', async () => {
  const folder = temporaryFolder()
  writeFileSync(
    join(folder, 'config.yaml'),
    stringify(parseRetrainConfig({ network: { space: 'nasbench-macro', path: MACRO } })),
  )
  const out = join(folder, 'network.svg')
  const outcome = await pada(['draw', folder, '--out', out], { env })
  expect(outcome.code, outcome.stderr).toBe(0)
  expect(outcome.stdout).toBe(`nasbench-macro-network: ${MACRO}\nDrawn in ${out}\n`)
  const top = await pada(['draw', folder, '--out', out, '--top', '2'], { env })
  expect(top.stderr).toBe(`pada-native: Expected a run of a search for --top but received the retraining ${folder}\n`)
  expect(top.code).toBe(2)
})

test.each<[string, string[], RegExp, number]>([
  ['no path', ['--out', 'a.svg'], /^pada-native: Expected a path or a run folder for draw but received none$/, 2],
  [
    'another ending',
    [MACRO, '--out', 'a.pdf'],
    /Expected a name that ends in \.svg or \.png for a picture but received a\.pdf$/,
    2,
  ],
  ['no file', [MACRO], /Expected --out for draw but received none/, 2],
  [
    'no path of any space',
    ['0201', '--out', 'a.svg'],
    /Expected a run folder or a path of nasbench201, .* but received 0201; --space NAME tells what is wrong with a path$/,
    2,
  ],
  [
    'a wrong path of a space',
    ['0201', '--space', 'nasbench-macro', '--out', 'a.svg'],
    /Expected 8 digits 0…2 for an architecture of nasbench-macro but received "0201"$/,
    2,
  ],
  [
    'a list that two spaces know',
    ['0,0,1,2,1,0,0,0', '--out', 'a.svg'],
    /Expected --space for the path 0,0,1,2,1,0,0,0 of nasbench1shot1-2 or nasbench-macro but received none$/,
    2,
  ],
  [
    'settings without a space',
    [MACRO, '--set', 'space.channels=8', '--out', 'a.svg'],
    /Expected --space with --set but received --set alone$/,
    2,
  ],
  [
    'a place of a path',
    [MACRO, '--top', '2', '--out', 'a.svg'],
    /Expected a run of a search for --top but received the path 02012100$/,
    2,
  ],
  [
    'a folder that is no run',
    ['empty', '--out', 'a.svg'],
    /Expected a run folder with a config\.yaml but received empty, in which no run has begun; search or retrain with --out begins one$/,
    2,
  ],
  [
    'a space of a run',
    ['run', '--space', 'darts', '--out', 'a.svg'],
    /Expected --space and --set for a path only but received them with the run run$/,
    2,
  ],
  [
    'a run without sub-models',
    ['run', '--out', 'a.svg'],
    /Expected a run with found or ranked sub-models but received run; rank or find first, or draw a path$/,
    2,
  ],
  [
    'a missing folder',
    [MACRO, '--out', 'none/a.svg'],
    /Expected a place that can be written to for none\/a\.svg but received ENOENT: there is no such folder$/,
    1,
  ],
])('draw refuses %s in one sentence', async (_, args, sentence, code) => {
  const cwd = temporaryFolder()
  mkdirSync(join(cwd, 'empty'))
  mkdirSync(join(cwd, 'run'))
  writeFileSync(join(cwd, 'run', 'config.yaml'), '{}')
  const outcome = await pada(['draw', ...args], { cwd, env })
  const lines = outcome.stderr.trimEnd().split('\n')
  expect(lines, outcome.stderr).toHaveLength(1)
  expect(lines[0].replace(/ \(see .*\)$/, '')).toMatch(sentence)
  expect(outcome.stdout).toBe('')
  expect(outcome.code).toBe(code)
  expect(existsSync(join(cwd, 'a.svg'))).toBe(false)
})
