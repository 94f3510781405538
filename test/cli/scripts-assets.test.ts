/** The scripts that make assets, run small. */
import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import type { Task } from '../../scripts/assets/ground-truth-runs.mjs'
import { PILLOW_VERSION, PILLOWS, TORCH_VERSION, WHEELS } from '../../src/setup/wheels.js'
import { nasBench201 } from '../../src/spaces/index.js'
import { temporaryFolder } from '../support/harness.js'
import { file, script, scripts } from '../support/scripts.js'

function linesOf(path: string): string[] {
  return readFileSync(path, 'utf8').trimEnd().split('\n')
}

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

  test('has a further seed once all architectures have it', async () => {
    const { writeTable } = await import('../../scripts/assets/ground-truth-table.mjs')
    const out = file('table.csv', '')
    const space = nasBench201()
    const drawn = [
      [0, 1, 2, 3, 4, 0],
      [3, 3, 3, 3, 3, 3],
    ]
    const seeds = new Map([
      [drawn[0], [0, 1]],
      [drawn[1], [0]],
    ])
    const get = ({ path, seed }: Task) =>
      seeds.get(path as number[])?.includes(seed) ? { path, seed, correct: 1, count: 2, seconds: 1 } : undefined
    const head = () => linesOf(out).filter((line) => !line.startsWith('#'))
    const write = () => writeTable(out, { space, drawn, seeds: 2, runs: { get, add() {} }, settings: '', config: '' })
    write()
    expect(head()).toEqual(['arch,accuracy,seed0', ...drawn.map((path) => `${space.encode(path)},50.000,50.00`)])
    seeds.get(drawn[1])?.push(1)
    write()
    expect(head()[0]).toBe('arch,accuracy,seed0,seed1')
    expect(head()).toHaveLength(3)
  })

  test.each([
    ['no architecture', ['--architectures', '0'], 'a whole number of at least 1 for --architectures but received 0'],
    ['more than there are', ['--architectures', '20000'], 'at most 9445 for --architectures but received 20000'],
    [
      'another method',
      ['--set', 'method.name=spos'],
      'a setting that trains an architecture for --set but received me',
    ],
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
      // Of A, the best have the least losses; of B, the largest.
      const lossOf = (accuracy: number) => (method === 'A' ? 1 - accuracy / 10 : accuracy / 10)
      const rows = archs.map((arch, i) => [i + 1, 0, arch, accuracies[i] / 10, lossOf(accuracies[i]), 10 * i].join())
      writeFileSync(join(cell, 'ranking.csv'), ['rank,path,arch,accuracy,loss,groundTruth', ...rows, ''].join('\n'))
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
    // By loss, taus of A are 1 and 1 in place of 0.2 and 0.4, of B 1 and −2/3 in place of 0.3 and 0.7.
    expect(page).toContain('| A | 0.300 ± 0.141 | 1.000 ± 0.000 | +0.700 ± 0.100 | 1.000 ± 0.000 | 1.000 ± 0.000 |  |')
    expect(page).toContain(
      '| B | 0.500 ± 0.283 | 0.167 ± 1.179 | −0.333 ± 1.033 | −0.167 ± 1.179 | 0.167 ± 1.179 | +0.333 ± 1.667 |',
    )
    expect(page).toContain('![both](evidence/both.svg)')
    // Of B, one search ranks the worst of 0, 10, 20, 30 first, and the other one the best. The mean of all is 15.
    expect(page).toContain('Ranked first and yet below the median of the table: 1 of 4 architectures.')
    expect(page).toContain('| an order by chance | 0.250 | 0.250 | 0.250 | 15.0 | 0.0 |')
    expect(page).toContain('| A | 1.000 ± 0.000 | 1.000 ± 0.000 | 1.000 ± 0.000 | 0.0 ± 0.0 | 0.0 ± 0.0 |')
    expect(page).toContain('| B | 0.500 ± 0.707 | 0.500 ± 0.707 | 0.500 ± 0.707 | 15.0 ± 21.2 | 0.0 ± 0.0 |')
    expect(readdirSync(join(out, 'evidence'))).toEqual(['both.svg', 'rankings-losses.csv', 'rankings.csv'])
    const kept = readFileSync(join(out, 'evidence/rankings.csv'), 'utf8').split('\n')
    expect(kept[0]).toBe('arch,A0,A1,B0,B1')
    expect(kept.slice(1).sort()).toEqual(
      [
        '',
        ...['0.1,0.1,0.4,0.2', '0.2,0.2,0.3,0.1', '0.3,0.3,0.2,0.3', '0.4,0.4,0.1,0.4'].map(
          (row, i) => `${archs[i]},${row}`,
        ),
      ].sort(),
    )

    const other = file('other.csv', 'arch,accuracy\n')
    writeFileSync(join(folder, 'results.csv'), 'cell,kendallTau\n')
    const earlier = await script('docs/evidence.mjs', [folder, '--earlier', other, '--out', out])
    expect(earlier.stderr).toBe('pada-native: Expected results.csv of an experiment but received another table\n')

    const alone = 'pada-native: Expected --published with --column but received --column alone\n'
    for (const args of [['docs/evidence.mjs', folder, '--out', out], ['docs/criteria.mjs']]) {
      const [name, ...words] = args
      expect(await script(name, [...words, '--column', 'x'])).toMatchObject({ code: 2, stderr: alone })
    }

    const refused = await script('docs/evidence.mjs', [out])
    expect(refused.stderr).toBe(
      `pada-native: Expected the folder of an experiment but received ${out}, which has no results.json\n`,
    )
    expect(refused.code).toBe(1)
  })

  test('a ranking is judged beyond the sizes of its sub-models', async () => {
    const { beyondSize, sizeSection } = await import('../../scripts/docs/evidence-size.mjs')
    expect(beyondSize(0.5, 0.6, 0.4)).toBeCloseTo(0.26 / Math.sqrt(0.64 * 0.84), 12)
    const archOf = (op: string) => `|${op}~0|+|none~0|none~1|+|${op}~0|none~1|none~2|`
    const archs = ['none', 'skip_connect', 'nor_conv_1x1', 'nor_conv_3x3'].map(archOf)
    const ranking = (...accuracies: number[]) => {
      const truth = Float64Array.of(1, 2, 4, 3)
      return { archs, accuracies: Float64Array.from(accuracies), losses: new Float64Array(4), truth }
    }
    const rankings = new Map([
      ['spos-seed0', ranking(1, 3, 2, 4)],
      ['pada-seed0', ranking(1, 2, 4, 3)],
    ])
    const conditions = new Map([...rankings.keys()].map((cell) => [cell, [cell]]))
    const page = (await sizeSection(rankings, conditions, undefined)).join('\n')
    // Sizes ascend, so one pair of six disagrees with the truth: 4/6. Of the first, beyond size: (1/3 − 4/9)/(5/9).
    expect(page).toContain('| spos-seed0 | 0.667 | 0.333 | −0.200 |')
    expect(page).toContain('| pada-seed0 | 0.667 | 1.000 | 1.000 |')
    expect(page).toContain('| the same, 20 epochs | +0.000 | +0.667 | +1.200 |')
    expect(
      await sizeSection(
        new Map([['a', { ...ranking(1, 2, 3, 4), archs: ['A', 'B', 'C', 'D'] }]]),
        conditions,
        undefined,
      ),
    ).toEqual([])
  })

  test('criteria of a ranking are compared: equal ones in all orders, and the page has these numbers', async () => {
    const { topOf } = await import('../../scripts/docs/criteria.mjs')
    // Two of the three that are equal belong to the first ten: chance decides which.
    const scores = [9, 9, 9, 9, 9, 9, 9, 9, 5, 5, 5, 1]
    const truth = [1, 1, 1, 1, 1, 1, 1, 1, 2, 4, 6, 8]
    const constant = scores.map(() => 0)
    expect(topOf(scores, constant, truth).regretOfTen).toBeCloseTo(8 - (4 + 6 + 6) / 3, 12)
    expect(topOf(scores, constant, truth).regret).toBe(7)
    // What decides between equal ones makes the third of them the last.
    expect(topOf(scores, [0, 0, 0, 0, 0, 0, 0, 0, 3, 2, 1, 0], truth).regretOfTen).toBe(4)
    expect(topOf([1, 1, 0], [0, 0, 0], [1, 4, 9]).regret).toBe(9 - 2.5)

    const { code, stdout, stderr } = await script('docs/criteria.mjs', [])
    expect(code, stderr).toBe(0)
    const [table, gains] = stdout.split('\n\n')
    expect(gains).toBe('With size, the best of ten is better in the mean of 32 of 32 conditions.')
    expect(readFileSync(new URL('../../docs/results.md', import.meta.url), 'utf8')).toContain(table)
  })

  test('two runs of the experiment stand side by side', async () => {
    const { COMPARISONS, twiceSection } = await import('../../scripts/docs/evidence-twice.mjs')
    const conditions = [...new Set(COMPARISONS.flatMap(([, from, to]) => [from, to]))]
    const table = (taus: Readonly<Record<string, readonly number[]>>) =>
      ['cell,kendallTau', ...conditions.flatMap((name) => rowsOf(name, taus[name] ?? [0, 0])), ''].join('\n')
    const rowsOf = (name: string, taus: readonly number[]) => taus.map((tau, seed) => `${name}-seed${seed},${tau}`)
    const before = table({ spos: [0.1, 0.2], PA: [0.3, 0.5] })
    const now = table({ spos: [0.1, 0.2], PA: [0.2, 0.2] })
    const lines = twiceSection(now, before)
    // Differences 0.2, 0.3 and 0.1, 0; their means by seed are 0.15 and 0.15.
    expect(lines.join('\n')).toContain('| PA against SPOS | +0.250 ± 0.050 | +0.050 ± 0.050 | +0.150 ± 0.000 |')
    // From the means: ∓0.05 of both, and ∓0.1 of PA before, where it is 0 now.
    expect(lines.join('\n')).toContain(`correlate at ${(1 / Math.sqrt(5)).toFixed(2)} between`)
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
