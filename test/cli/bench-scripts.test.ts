/** The benchmarks of scripts/bench, on networks so small that their numbers mean nothing: that they measure, and publish. */
import { chmodSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { temporaryFolder } from '../support/harness.js'
import { script, scripts } from '../support/scripts.js'

const SMALL = ['--cells', '1', '--channels', '2', '--threads', '1', '--device', 'cpu']

/** What a benchmark wrote: a page that shows its pictures, and the raw numbers. */
function published(out: string, name: string) {
  const page = readFileSync(join(out, 'performance.md'), 'utf8')
  const pictures = [...page.matchAll(/!\[[^\]]+\]\((\S+\.svg)\)/g)].map(([, picture]) => picture)
  for (const picture of pictures) expect(readFileSync(join(out, picture), 'utf8')).toMatch(/^<svg .*<\/svg>\s*$/s)
  expect(readdirSync(out).sort()).toEqual([...pictures, `${name}.json`, 'performance.md'].sort())
  return { page, results: JSON.parse(readFileSync(join(out, `${name}.json`), 'utf8')) }
}

/** The addon's own process in the place of Python: it answers the same requests. */
function standIn(folder: string) {
  const python = join(folder, 'python3')
  writeFileSync(python, `#!/bin/sh\nexec "${process.execPath}" "${join(scripts, 'bench/addon-worker.mjs')}"\n`)
  chmodSync(python, 0o755)
  return python
}

describe('bench/run.mjs', () => {
  test('growth publishes speed by batch, and speed and memory over many steps', async () => {
    const out = join(temporaryFolder(), 'out')
    const few = ['--batch', '2', '4', '--repetitions', '2', '--paths', '1', '--steps', '100', '--steps-batch', '2']
    const { code, stdout, stderr } = await script('bench/run.mjs', ['growth', ...SMALL, ...few, '--out', out])
    expect(code, stderr).toBe(0)
    expect(stdout).toContain('Training, median of 2 rounds')
    const { page, results } = published(out, 'performance-growth')
    expect(page).toMatch(/^<!-- bench-growth -->\n.*\n<!-- \/bench-growth -->$/ms)
    expect(page).toMatch(/^\| C=2, bfloat16, 1 thread \|( [\d.]+ \|){2} \d+ % \|$/m)
    expect(results.grid).toHaveLength(4)
    for (const { ratesByRound, rate } of results.grid) {
      expect(ratesByRound).toHaveLength(2)
      expect(rate).toBeCloseTo((ratesByRound[0] + ratesByRound[1]) / 2, 6)
    }
    for (const { blocks } of results.runs) {
      expect(blocks).toEqual([{ step: 100, stepsPerSecond: expect.any(Number), residentBytes: expect.any(Number) }])
      expect(blocks[0].residentBytes).toBeGreaterThan(2 ** 20)
    }
  })

  test('methods prints the cost of every method beside that of SPOS', async () => {
    const few = ['--batch', '4', '--images', '8', '--steps', '2', '--rounds', '1']
    const { code, stdout, stderr } = await script('bench/run.mjs', ['methods', ...SMALL, ...few])
    expect(code, stderr).toBe(0)
    const methods = [...stdout.matchAll(/^(\S+) +[\d.]+ ms a step of (\d+), [\d.]+ of SPOS's pass/gm)]
    expect(methods.map(([, name, passes]) => [name, passes])).toEqual([
      ['SPOS', '1'],
      ['PA&DA', '1'],
      ['FairNAS', '5'],
      ['SUMNAS', '10'],
    ])
  })

  test('pytorch compares both sides, checks that they compute the same, and publishes the times', async () => {
    const folder = temporaryFolder()
    const python = standIn(folder)
    const paths = join(folder, 'paths.txt')
    writeFileSync(paths, '3,3,3,3,3,3\n1,0,0,4,0,2\n')
    const out = join(folder, 'out')
    const few = ['--batch', '4', '--eval-batch', '4', '--repetitions', '2', '--paths', paths, '--python', python]
    const { code, stderr } = await script('bench/run.mjs', ['pytorch', ...SMALL, ...few, '--out', out])
    expect(code, stderr).toBe(0)
    expect(stderr).toContain('Same loss as PyTorch within')
    const { page, results } = published(out, 'performance')
    expect(page).toMatch(/^\| PyTorch, as released \|.*\| 1\.00 \|/m)
    expect(page).toMatch(/^\| pada-native, float32 \|/m)
    for (const mode of ['train', 'eval']) {
      const variants = Object.values<{ secondsByRound: number[][] }>(results[mode].variants)
      expect(variants).toHaveLength(5)
      for (const { secondsByRound } of variants) expect(secondsByRound.map((seconds) => seconds.length)).toEqual([2, 2])
    }
    expect(results.train.check.released).toEqual({ loss: 0, globalNorm: 0 })
  })

  test('pytorch compares a network that is trained alone, in a section of its own', async () => {
    const python = standIn(temporaryFolder())
    const folder = temporaryFolder()
    const few = '--quick --batch 8 --eval-batch 4 --repetitions 1 --threads 1'.split(' ')
    const { code, stderr } = await script('bench/run.mjs', [
      'pytorch',
      '--network',
      'darts',
      ...few,
      ...['--python', python, '--out', folder],
    ])
    expect(code, stderr).toBe(0)
    const { page, results } = published(folder, 'performance-darts')
    expect(page).toMatch(/<!-- bench-pytorch-darts -->[\s\S]*^\| pada-native, float32 \|/m)
    expect(results.settings).toMatchObject({
      network: 'darts',
      size: { channels: 4, cells: 3 },
      batch: 8,
      paths: [''],
    })
    const [first] = results.train.variants.addonFloat32.secondsByRound
    expect(first).toEqual([expect.any(Number)])
  })

  test.each([
    [[], 2, 'Expected growth, methods or pytorch for the benchmark but received none'],
    [['speed'], 2, 'Expected growth, methods or pytorch for the benchmark but received speed'],
    [['growth', '--steps', '50'], 2, 'Expected a multiple of 100 for --steps but received 50'],
    [['growth', '--steps', '250'], 2, 'Expected a multiple of 100 for --steps but received 250'],
    [['growth', '--cells', '1', '--cells', '2'], 2, 'Expected one value for --cells but received 2 values'],
    [['growth', '--batch', '0'], 2, 'Expected a whole number of at least 1 for --batch but received 0'],
    [['methods', '--images', '8'], 2, 'Expected at most 0 for --steps, the batches in --images, but received 20'],
    [['pytorch', '--paths', '/nowhere'], 1, 'Expected a file or folder at /nowhere but there is none'],
    [['pytorch', '--network', 'darts', '--paths', 'x'], 2, 'Expected no --paths for darts, which has one'],
    [
      ['pytorch', '--network', 'proxylessnas', '--cells', '3'],
      2,
      'Expected no --cells for proxylessnas but received 3',
    ],
    [['pytorch', '--quick', '--python', '/nowhere'], 1, 'Expected an answer of PyTorch to "open" but received: spawn'],
  ])('%j is refused in a sentence', async (args, code, sentence) => {
    const outcome = await script('bench/run.mjs', args)
    expect(outcome.stderr).toContain(sentence)
    expect(outcome.stderr).not.toMatch(/^\s+at /m)
    expect(outcome).toMatchObject({ code, stdout: '' })
  })
})
