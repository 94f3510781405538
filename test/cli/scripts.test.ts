/** Every script that needs no network, no PyTorch and no data of others is run, small, and has the effect it promises. */
import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { replaceSearchPath } from '../../scripts/check/search-path.mjs'
import { currentBuild } from '../../src/setup/stamp.js'
import { PILLOW_VERSION, PILLOWS, TORCH_VERSION, WHEELS } from '../../src/setup/wheels.js'
import { events, temporaryFolder, tiny } from '../support/harness.js'
import { program, script, scripts } from '../support/scripts.js'

/** A file of a folder of the test's own. */
function file(name: string, content: string | Uint8Array): string {
  const path = join(temporaryFolder(), name)
  writeFileSync(path, content)
  return path
}

function linesOf(path: string): string[] {
  return readFileSync(path, 'utf8').trimEnd().split('\n')
}

describe('what npm runs', () => {
  test('start searches with the options that it is given', async () => {
    const out = join(temporaryFolder(), 'run')
    const outcome = await script('start.mjs', [...tiny('training.epochs=1'), '--json', '--out', out])
    expect(outcome.code, outcome.stderr).toBe(0)
    expect(events({ ...outcome, code: 0, signal: null }).at(-1)).toMatchObject({ event: 'result', run: out })
  })

  test('setup ends with a machine that is ready', async () => {
    const { code, stderr } = await script('setup.mjs')
    expect(code, stderr).toBe(0)
    expect(stderr).toMatch(/^Ready: libtorch 2\.\d+\.\d+/m)
  })
})

describe('the ground-truth table', () => {
  const small = ['training.epochs=1', 'data.trainCount=64', 'data.testCount=64', 'ranking.batchSize=32']
  const options = ['--architectures', '2', '--workers', '2', ...small.flatMap((setting) => ['--set', setting])]

  test('has a row per architecture, and a stopped script goes on from its runs', async () => {
    const folder = temporaryFolder()
    const [runs, out] = [join(folder, 'runs', 'kept.jsonl'), join(folder, 'table.csv')]
    const make = (...more: string[]) =>
      script('assets/make-ground-truth.mjs', [...options, '--runs', runs, '--out', out, ...more])
    const first = await make('--seeds', '1')
    expect(first.code, first.stderr).toBe(0)
    expect(first.stderr).toContain('0 of 2 trainings were done before')
    const [settings, ...done] = linesOf(runs)
    expect(JSON.parse(settings)).toMatchObject({ training: { epochs: 1 }, data: { trainCount: 64 } })
    expect(done.map((line) => JSON.parse(line))).toMatchObject([
      { seed: 0, count: 64 },
      { seed: 0, count: 64 },
    ])

    // As if it had been killed while it wrote the second run.
    writeFileSync(runs, `${settings}\n${done[0]}\n${done[1].slice(0, 20)}`)
    const second = await make('--seeds', '2')
    expect(second.code, second.stderr).toBe(0)
    expect(second.stderr).toContain('1 of 4 trainings were done before')
    expect(linesOf(runs)).toHaveLength(5)
    expect(linesOf(runs)[1]).toBe(done[0])
    // Equal seeds train equally, before and after.
    const again = linesOf(runs).map((line) => JSON.parse(line))
    const { seconds: _, ...wanted } = JSON.parse(done[1])
    expect(again).toContainEqual({ ...wanted, seconds: expect.any(Number) })

    const rows = linesOf(out).filter((line) => !line.startsWith('#'))
    expect(rows[0]).toBe('arch,accuracy,seed0,seed1')
    expect(rows).toHaveLength(3)
    for (const row of rows.slice(1)) {
      const [arch, ...numbers] = row.split(',')
      expect(arch).toMatch(/^\|\S+~2\|$/)
      const [accuracy, seed0, seed1] = numbers.map(Number)
      expect(accuracy).toBeCloseTo((seed0 + seed1) / 2, 2)
    }

    const other = await make('--seeds', '1', '--set', 'training.epochs=2')
    expect(other.code).toBe(1)
    expect(other.stderr).toBe(
      `pada-native: Expected runs with these settings in ${runs} but received others: remove it, or name another\n`,
    )
  })

  test.each([
    ['no architecture', ['--architectures', '0'], 'a whole number of at least 1 for --architectures but received 0'],
    ['more than there are', ['--architectures', '20000'], 'at most 9445 for --architectures but received 20000'],
    ['a config that is not there', ['--config', 'nowhere.yaml'], 'a readable YAML file for --config but received no'],
  ])('is not made of %s', async (_name, args, sentence) => {
    const { code, stderr } = await script('assets/make-ground-truth.mjs', args)
    expect(stderr).toMatch(/^pada-native: [^\n]*\n$/)
    expect(stderr).toContain(`Expected ${sentence}`)
    expect(code).toBe(2)
  })
})

describe('other assets', () => {
  test('a terminal is drawn as it looked at the end', async () => {
    const capture = file(
      'capture.txt',
      'Script started\n\x1b[2mdim\x1b[0;32mgreen\x1b[0m <&>\r\n12345\rab\x1b[K\nScript done\n',
    )
    const { code, stdout } = await script('assets/draw-terminal.mjs', [capture, '$ npm start'])
    expect(code).toBe(0)
    const texts = [...stdout.matchAll(/<text ([^>]*)>([^<]*)<\/text>/g)].map(([, attributes, text]) => {
      return [text.trim(), /fill="(#\w+)"/.exec(attributes)?.[1]]
    })
    expect(texts).toEqual([
      ['$ npm start', undefined],
      ['dim', undefined],
      ['green', '#7ee787'],
      ['&lt;&amp;&gt;', undefined],
      ['ab', undefined],
    ])
    expect(stdout).not.toContain('Script')
  })

  test.skipIf(spawnSync('tmux', ['-V']).status !== 0)('the picture of npm start shows a search in tmux', async () => {
    const folder = temporaryFolder()
    const out = join(folder, 'terminal.svg')
    const search = ['--config', join(scripts, '../test/cli/tiny.yaml'), '--out', join(folder, 'run')]
    const { code, stderr } = await script('docs/terminal.mjs', ['--out', out, '--', ...search])
    expect(code, stderr).toBe(0)
    const picture = readFileSync(out, 'utf8')
    expect(picture).toContain('>$ npm start</text>')
    expect(picture).toContain('Kendall tau')
    expect(picture).toMatch(/>training<\/text>.*100 %/)
  })

  test('an experiment becomes a page, with its differences seed by seed', async () => {
    const folder = temporaryFolder()
    const labels = (method: string) => ({ space: 'S', extent: 'E', method, noise: 'none', epochs: '2' })
    const archs = [0, 1, 2, 3].map((op) => `|${['none', 'skip_connect', 'nor_conv_1x1', 'nor_conv_3x3'][op]}~0|`)
    const cells = [
      ['A', 0, 0.2, [1, 2, 3, 4]],
      ['A', 1, 0.4, [1, 2, 3, 4]],
      ['B', 0, 0.3, [4, 3, 2, 1]],
      ['B', 1, 0.7, [2, 1, 3, 4]],
    ] as const
    for (const [method, seed, , accuracies] of cells) {
      const cell = join(folder, 'cells', `${method}${seed}`)
      mkdirSync(cell, { recursive: true })
      const rows = archs.map((arch, i) => `${i + 1},0,${arch},${accuracies[i] / 10}`)
      writeFileSync(join(cell, 'ranking.csv'), ['rank,path,arch,accuracy', ...rows, ''].join('\n'))
    }
    const variance = { n: 2, mean: 2e-5, deviation: 1e-6 }
    const summary = { gradientVarianceLast: variance, fixedGradientVariance: { n: 0, mean: null, deviation: null } }
    const results = {
      name: 'mine',
      seeds: [0, 1],
      cells: cells.map(([method, seed, kendallTau]) => {
        return { cell: `${method}${seed}`, studies: ['both'], labels: labels(method), seed, measures: { kendallTau } }
      }),
      conditions: ['A', 'B'].map((method) => ({ study: 'both', labels: labels(method), n: 2, summary })),
    }
    writeFileSync(join(folder, 'results.json'), JSON.stringify(results))
    writeFileSync(join(folder, 'both.svg'), '<svg/>')
    const published = file('published.csv', `arch,cifar10_test\n${archs.map((arch, i) => `${arch},${i}`).join('\n')}\n`)
    const out = temporaryFolder()
    const { code, stderr } = await script('docs/evidence.mjs', [folder, '--published', published, '--out', out])
    expect(code, stderr).toBe(0)
    const page = readFileSync(join(out, 'evidence.md'), 'utf8')
    expect(page).toContain('| A | 2 | 2.0e-5 ± 1.0e-6 | – | 0.300 ± 0.141 |  | 1.000 ± 0.000 |  |')
    // Published taus of B: −1 and 2/3. Differences from A: −2 and −1/3, whose mean has the error 5/6.
    expect(page).toContain(
      '| B | 2 | 2.0e-5 ± 1.0e-6 | – | 0.500 ± 0.283 | +0.200 ± 0.100 | −0.167 ± 1.179 | −1.167 ± 0.833 |',
    )
    expect(page).toContain('![both](evidence/both.svg)')
    expect(readdirSync(join(out, 'evidence'))).toEqual(['both.svg'])

    const refused = await script('docs/evidence.mjs', [out])
    expect(refused.stderr).toBe(
      `pada-native: Expected the folder of an experiment but received ${out}, which has no results.json\n`,
    )
    expect(refused.code).toBe(1)
  })

  test('the embedded data is the first images of the full set', async () => {
    const folder = temporaryFolder()
    const idx = (header: number[], count: number, rest: number[], bytes: number) =>
      gzipSync(Uint8Array.from([...header, 0, 0, 0, count, ...rest, ...new Array(bytes).keys()]))
    for (const [prefix, count] of Object.entries({ train: 3, t10k: 2 })) {
      const extents = [0, 0, 0, 2, 0, 0, 0, 2]
      writeFileSync(join(folder, `${prefix}-images-idx3-ubyte.gz`), idx([0, 0, 8, 3], count, extents, 4 * count))
      writeFileSync(join(folder, `${prefix}-labels-idx1-ubyte.gz`), idx([0, 0, 8, 1], count, [], count))
    }
    const out = join(folder, 'out')
    const { code, stderr } = await script('assets/make-embedded-data.mjs', [folder, '2', out])
    expect(code, stderr).toBe(0)
    const made = (name: string) => [...gunzipSync(readFileSync(join(out, `${name}.gz`)))]
    expect(made('train-images-idx3-ubyte')).toEqual([
      ...[0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 2],
      ...[0, 1, 2, 3, 4, 5, 6, 7],
    ])
    expect(made('train-labels-idx1-ubyte')).toEqual([0, 0, 8, 1, 0, 0, 0, 2, 0, 1])
    expect(made('t10k-labels-idx1-ubyte')).toEqual([0, 0, 8, 1, 0, 0, 0, 2, 0, 1])
    expect(readdirSync(out)).toHaveLength(4)
  })

  test('wheels are pinned to what pip resolves', async () => {
    // A pip that reports the wheels that are pinned, and another package.
    const reports = Object.entries({ x64: 'x86_64', arm64: 'aarch64' }).map(([arch, machine]) => {
      const others = [
        ['numpy', '2.0.0', '0'],
        ['pillow', PILLOW_VERSION, PILLOWS[arch]],
      ] as const
      const wheels = [...WHEELS[arch], ...others]
      const install = wheels.map(([name, version, sha256]) => {
        return { metadata: { name, version }, download_info: { archive_info: { hash: `sha256=${sha256}` } } }
      })
      return [`manylinux2014_${machine}`, { install }] as const
    })
    const report = `${JSON.stringify(reports)}.find(([tag]) => process.argv.includes(tag))[1]`
    const python = file('python3', `#!${process.execPath}\nprocess.stdout.write(JSON.stringify(${report}))\n`)
    chmodSync(python, 0o755)
    const out = file('wheels.ts', '')
    const env = { PATH: `${join(python, '..')}:${process.env.PATH}` }
    const { code, stderr } = await script('assets/pin-wheels.mjs', [TORCH_VERSION, PILLOW_VERSION, out], env)
    expect(code, stderr).toBe(0)
    expect(readFileSync(out, 'utf8')).toBe(readFileSync(join(scripts, '../src/setup/wheels.ts'), 'utf8'))
  })

  test.each([
    ['assets/draw-terminal.mjs', [], 'Expected a file that `script` wrote but received none'],
    ['assets/pin-wheels.mjs', ['newest'], 'Expected a version of torch such as 2.15.0 but received newest'],
    ['assets/make-embedded-data.mjs', ['nowhere'], 'Expected a folder of Fashion-MNIST'],
  ])('%s %s is refused in a sentence', async (name, args, sentence) => {
    const { code, stdout, stderr } = await script(name, args)
    expect(stderr).toMatch(/^[^\n]*\n$/)
    expect(stderr).toContain(sentence)
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
  })
})

test('docs/settings writes the page and the schemas that are kept', async () => {
  const folder = temporaryFolder()
  const { code, stderr } = await script('docs/settings.mjs', [folder])
  expect(code, stderr).toBe(0)
  for (const name of ['docs/settings.md', 'configs/schema.json', 'configs/experiments/schema.json']) {
    expect(readFileSync(join(folder, name), 'utf8'), name).toBe(readFileSync(join(scripts, '..', name), 'utf8'))
  }
})

test('docs/reference writes the pages that are kept', async () => {
  const folder = temporaryFolder()
  const { code, stderr } = await script('docs/reference.mjs', [folder])
  expect(code, stderr).toBe(0)
  for (const name of ['docs/command-line.md', 'docs/events.md']) {
    expect(readFileSync(join(folder, name), 'utf8'), name).toBe(readFileSync(join(scripts, '..', name), 'utf8'))
  }
})

test.each(['checkpoints', 'tables', 'configs', 'programs'])(
  'fuzz/%s finds nothing wrong in 200 cases',
  async (name) => {
    const { code, stdout, stderr } = await script(`fuzz/${name}.mjs`, ['--cases', '200', '--seed', '7'])
    expect(code, stdout + stderr).toBe(0)
    const [refused, read] = /^200 cases in \d+ s: (\d+) refused, (\d+) read, 0 wrong$/m
      .exec(stdout)!
      .slice(1)
      .map(Number)
    expect(refused).toBeGreaterThan(0)
    expect(read).toBeGreaterThan(0)
  },
)

test('fuzz/workers ends workers that search, train, sum and call, one of them per round', async () => {
  const { code, stdout, stderr } = await script('fuzz/workers.mjs', ['--rounds', '4'])
  expect(code, stdout + stderr).toBe(0)
  expect(stdout).toMatch(/^4 rounds, \d+ workers ended: the same numbers afterwards$/m)
})

describe('checks', () => {
  test('cuda: what a step gave is kept, and one that needs what is absent is left out', async () => {
    const out = join(temporaryFolder(), 'cuda')
    const words = ['--device', 'cpu', '--quick', '--out', out]
    const from = await script('check/cuda.mjs', [...words, '--from', 'eval, batch 16, bfloat16'])
    expect(from.code, from.stderr).toBe(0)
    const { results } = JSON.parse(readFileSync(join(out, 'results.json'), 'utf8'))
    expect(results.map(({ name, outcome }: Record<string, string>) => [name, outcome])).toEqual([
      ['eval, batch 16, bfloat16', 'done'],
      ['native tests', 'done'],
      ['training', 'left out'],
    ])
    expect(results[0].output.at(-1)).toMatchObject({ event: 'bench', mode: 'eval', precision: 'bfloat16' })
    expect(results[1].output[0]).toMatchObject({ numFailedTests: 0 })
    const late = await script('check/cuda.mjs', [...words, '--minutes', '0.01'])
    expect(late.stdout).toContain('no time was left')
    const unknown = await script('check/cuda.mjs', [...words, '--from', 'now'])
    expect(unknown.code).toBe(2)
  })

  test('prebuilt-addon takes an addon for a libtorch in another place, and refuses what does not load', async () => {
    const { addon, libtorch } = currentBuild()!
    const env = { LIBTORCH: libtorch.root }
    const built = readFileSync(addon)
    const elsewhere = join(libtorch.root, 'lib').replace(/[^/]/g, 'x')
    const given = file('moved.node', replaceSearchPath(built, elsewhere))
    const moved = await script('check/prebuilt-addon.mjs', [given], env)
    expect(moved.code, moved.stderr).toBe(0)
    expect(readFileSync(addon).equals(built)).toBe(true)
    const damaged = await script('check/prebuilt-addon.mjs', [file('damaged.node', 'nothing')], env)
    expect(damaged.code).toBe(1)
    expect(damaged.stderr).toContain('damaged.node: it is no library for Linux')
    expect(readFileSync(addon).equals(built)).toBe(true)
    expect(() => replaceSearchPath(built, `/${'x'.repeat(4_000)}`)).toThrow(/^its search path has room for \d+ bytes/)
  })

  test('cuda-work says what binds a step', async () => {
    const words = ['--device', 'cpu', '--batch', '8', '--precision', 'float32', '--steps', '1']
    const { code, stdout, stderr } = await script('check/cuda-work.mjs', words)
    expect(code, stderr).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({ device: 'cpu', batch: 8, kernels: [], ownLaunches: 0 })
  })

  test('nasbench201-cost counts the entries that are equal, and shows the others', async () => {
    const [right, wrong] = ['|skip_connect~0|+|none~0|none~1|+|none~0|none~1|none~2|', '0,0,0,0,0,0']
    const table = file('table.csv', `arch,params_millions\n${right},0.073\n"${wrong}",0.1\n`)
    const { code, stdout } = await script('check/nasbench201-cost.mjs', [table])
    expect(stdout).toMatch(/^\|none~0\|\S+: counted 0\.0733\d*, in the table 0\.1$/m)
    expect(stdout).toMatch(/^FAILED {2}1 of 2 equal, expected 15421 of 15625$/m)
    expect(code).toBe(1)
  })

  test('nasbench-macro counts the entries that are equal, and the classes of one accuracy', async () => {
    const entries = {
      '02012100': { params: 890_666, flops: 47_327_744, mean_acc: 90 },
      '11111221': { params: 2_181_386, flops: 65_012_225, mean_acc: 91 },
    }
    const { code, stdout } = await script('check/nasbench-macro.mjs', [file('table.json', JSON.stringify(entries))])
    expect(stdout).toContain('11111221: counted 2181386 and 65012224, in the table 2181386 and 65012225')
    expect(stdout).toMatch(/^FAILED {2}1 of 2 equal, expected 6561 of 6561$/m)
    expect(stdout).toMatch(/^FAILED {2}2 of 2 classes of isomorphic networks have one accuracy/m)
    expect(code).toBe(1)
  })

  test('nasbench101 looks up every cell of a space', async () => {
    const table = file('table.csv', 'hash,test_accuracy\nd69591b220b46065ba2836c361b4be3f,0.94361\n')
    const { code, stdout } = await script('check/nasbench101.mjs', [table, '1'])
    expect(stdout).toContain('passed  nasbench1shot1-1, cells as published: found 6240, wanted 6240')
    expect(stdout).toContain('passed  nasbench1shot1-1, best accuracy of cells as published: found 0.94361')
    expect(stdout).toMatch(
      /^FAILED {2}nasbench1shot1-1, cells as published that the table lacks: found 62\d\d, wanted 0$/m,
    )
    expect(stdout).toMatch(/^6 passed, 2 failed$/m)
    expect(code).toBe(1)
  })

  test('ground-truth: a table is held against its criteria', async () => {
    const folder = temporaryFolder()
    const archs = linesOf(join(scripts, '..', 'assets', 'nasbench201-fashion-mnist.csv'))
      .filter((line) => line.startsWith('|'))
      .slice(0, 40)
      .map((line) => line.split(',')[0])
    const table = (name: string, head: string, rows: (i: number) => string) => {
      const file = join(folder, name)
      writeFileSync(file, `${head}\n${archs.map((arch, i) => `${arch},${rows(i)}\n`).join('')}`)
      return file
    }
    const published = table('published.csv', 'arch,cifar10_test', (i) => `${50 + i / 2}`)
    const seeds = (i: number) => [50 + i / 2, 50 + i / 2 + 0.01, 50 + i / 2 - 0.01]
    const good = table('good.csv', 'arch,accuracy,seed0,seed1,seed2', (i) => [50 + i / 2, ...seeds(i)].join())
    const outcome = await script('check/ground-truth.mjs', [published, '--table', good])
    expect(outcome.stdout).toContain('passed  tau with published cifar10_test 1.000, at least 0.65')
    expect(outcome.stdout).toMatch(/nor_conv_3x3 +(-?\d\.\d\d) {3}published +\1/)
    expect(outcome.code, outcome.stderr).toBe(0)

    const other = table('other.csv', 'arch,accuracy,seed0,seed1', (i) => `60,${i % 7},${(3 * i) % 11}`)
    const refused = await script('check/ground-truth.mjs', [published, '--table', other])
    expect(refused.stdout.match(/^FAILED/gm)).toHaveLength(3)
    expect(refused.code).toBe(1)
  })

  const nowhere = join(scripts, 'nowhere')
  test.each([
    ['golden', [], 2, 'Expected a folder of golden values but received none: npm run check:golden -- FOLDER'],
    ['golden', [nowhere], 1, `Expected a file or folder at ${nowhere}/expected.json but there is none`],
    ['nasbench101', [], 2, 'Expected a table of NAS-Bench-101 but received none: npm run check:nasbench101 -- TABLE'],
    ['nasbench101', [nowhere, '4'], 2, 'Expected 1, 2 or 3 for a space but received 4'],
    ['nasbench101', [nowhere], 1, `Expected a readable table for ground truth but received ${nowhere}`],
    ['ground-truth', [], 2, 'Expected one table of NAS-Bench-201 but received none'],
    ['nasbench201-cost', [], 2, 'Expected a table but received none: npm run check:nasbench201-cost -- TABLE'],
    ['nasbench-macro', [], 2, 'Expected a table but received none: npm run check:nasbench-macro -- TABLE'],
    ['fixtures', ['nowhere'], 2, /Expected one of alignment, .*, tables, tfrecord but received nowhere/],
    ['fixtures', ['--python', nowhere], 2, `Expected a Python for --python but received ${nowhere}`],
  ])('%s %s is refused in a sentence', async (name, args, code, sentence) => {
    const outcome = await script(`check/${name}.mjs`, args)
    expect(outcome.stderr).toMatch(/^pada-native: [^\n]*\n$/)
    expect(outcome.stderr).toMatch(sentence)
    expect(outcome).toMatchObject({ code, stdout: '' })
  })
})

const python = process.env.PADA_PYTHON ?? 'python3'
describe.skipIf(spawnSync(python, ['--version']).status !== 0)('Python', () => {
  test('every file compiles', async () => {
    const files = readdirSync(scripts, { encoding: 'utf8', recursive: true }).filter((name) => name.endsWith('.py'))
    expect(files.length).toBeGreaterThan(10)
    const code = 'import sys\nfor file in sys.argv[1:]: compile(open(file, encoding="utf-8").read(), file, "exec")'
    const outcome = await program(python, ['-c', code, ...files.map((name) => join(scripts, name))])
    expect(outcome.code, outcome.stderr).toBe(0)
  })

  test('a fixture comes out as it is, and scripts that lack a package are not run', async () => {
    const outcome = await script('check/fixtures.mjs', ['--python', python, 'nasbench101'])
    expect(outcome.code, outcome.stdout + outcome.stderr).toBe(0)
    expect(outcome.stdout).toMatch(
      /^nasbench101: ran \(\d+ s\)\n\d+ files unchanged, 0 equal but with other bytes, 0 ch/,
    )
    // Isolated from what is installed, only the standard library is there.
    const isolated = file('python', `#!/bin/sh\nexec ${python} -I -S "$@"\n`)
    chmodSync(isolated, 0o755)
    const lacking = await script('check/fixtures.mjs', ['--python', isolated, 'schedules'])
    expect(lacking.code, lacking.stderr).toBe(0)
    expect(lacking.stdout).toMatch(/^schedules: not run, ModuleNotFoundError/)
  })
})
