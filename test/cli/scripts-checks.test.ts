/** The scripts that check, run small, as far as they need no PyTorch and no data of others. */
import { spawnSync } from 'node:child_process'
import { chmodSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { replaceSearchPath } from '../../scripts/check/search-path.mjs'
import { currentBuild } from '../../src/setup/stamp.js'
import { temporaryFolder } from '../support/harness.js'
import { file, program, script, scripts } from '../support/scripts.js'

function linesOf(path: string): string[] {
  return readFileSync(path, 'utf8').trimEnd().split('\n')
}

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
    // A later step alone keeps what the earlier ones gave, also those that need other options.
    results.unshift({ name: 'golden values, which another call had', outcome: 'done', seconds: 1 })
    writeFileSync(join(out, 'results.json'), JSON.stringify({ device: 'cpu', results }))
    const last = await script('check/cuda.mjs', [...words, '--from', 'training'])
    expect(last.code, last.stderr).toBe(0)
    expect(JSON.parse(readFileSync(join(out, 'results.json'), 'utf8')).results).toEqual(results)
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
    const alone = ['--device', 'cpu', '--network', 'proxylessnas', '--quick', '--batch', '2', '--steps', '1']
    expect(JSON.parse((await script('check/cuda-work.mjs', alone)).stdout)).toMatchObject({ network: 'proxylessnas' })
    const rank = ['--device', 'cpu', '--mode', 'rank', '--quick', '--batch', '2', '--steps', '1']
    const ranked = JSON.parse((await script('check/cuda-work.mjs', rank)).stdout)
    expect(ranked).toMatchObject({ mode: 'rank', replays: 0, losses: new Array(12).fill(expect.any(Number)) })
    const unknown = await script('check/cuda-work.mjs', ['--device', 'cpu', '--network', 'resnet'])
    expect(unknown.code).toBe(2)
    expect(unknown.stderr).toContain('Expected nasbench201, darts, proxylessnas for --network but received resnet')
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
      /^nasbench101: ran \(\d+ s\), 1 file\n1 of 1 scripts ran: 1 files unchanged, 0 equal but with other bytes, 0 ch/,
    )
    // Isolated from what is installed, only the standard library is there.
    const isolated = file('python', `#!/bin/sh\nexec ${python} -I -S "$@"\n`)
    chmodSync(isolated, 0o755)
    const lacking = await script('check/fixtures.mjs', ['--python', isolated, 'schedules'])
    expect(lacking.code, lacking.stderr).toBe(1)
    expect(lacking.stdout).toMatch(/^schedules: not run, ModuleNotFoundError.*\n0 of 1 scripts ran:/)
    const some = await script('check/fixtures.mjs', ['--python', isolated])
    expect(some.code, some.stdout + some.stderr).toBe(0)
    expect(some.stdout).toMatch(/^nasbench101: ran .*^1 of \d+ scripts ran: 1 files unchanged/ms)
  })
})
