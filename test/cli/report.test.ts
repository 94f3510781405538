import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { HtmlValidate } from 'html-validate'
import { expect, test } from 'vitest'
import { pada, temporaryFolder, tiny } from '../support/harness.js'
import { makeRetraining, makeSearchRun } from '../support/made-up-run.js'

/** Neither the addon nor images are needed, but for a run with importance of images. */
const env = { LIBTORCH: 'nowhere' }

/** What is wrong with a page, in HTML and for people who do not see it. */
async function problemsOf(text: string): Promise<string[]> {
  const validator = new HtmlValidate({ extends: ['html-validate:standard', 'html-validate:a11y'] })
  const { results } = await validator.validateString(text)
  return results.flatMap(({ messages }) =>
    messages.map(({ ruleId, message, line }) => `${line}: ${ruleId}: ${message}`),
  )
}

test('report RUN: a real search from settings to the most important images', async () => {
  const folder = temporaryFolder()
  const run = join(folder, 'run')
  const finding = 'finding={algorithm: random, evaluations: 8, objectives: [accuracy, parameters]}'
  const searched = await pada(['search', ...tiny('method={name: pada}', finding), '--out', run, '--json'])
  expect(searched.code, searched.stderr).toBe(0)
  const out = join(folder, 'pages', 'report.html')
  mkdirSync(join(folder, 'pages'))
  const figures = join(folder, 'figures')
  const outcome = await pada(['report', run, '--out', out, '--figures', figures, '--json'], { env })
  expect(outcome.code, outcome.stderr).toBe(0)
  const text = readFileSync(out, 'utf8')
  const result = JSON.parse(outcome.stdout)
  expect(result).toMatchObject({ event: 'result', file: out, bytes: Buffer.byteLength(text) })
  expect(result.bytes).toBeLessThan(2e6)
  expect(await problemsOf(text)).toEqual([])
  expect(text).not.toContain('class="notes"')
  expect(text).toContain('PA&amp;DA · NAS-Bench-201')
  expect(text).toContain('<pre>name: tiny\nseed: 1\n')
  expect(text).toContain('href="../run/ranking.csv"')
  expect(text.match(/href="data:image\/png;base64,/g)!.length).toBeGreaterThan(10)
  const { machine } = JSON.parse(readFileSync(join(run, 'events.jsonl'), 'utf8').split('\n')[0])
  expect(text).toContain(`<dt>processor</dt><dd>${machine.cpu}, ${machine.cores} cores`)
  const names = ['gradient-variance', 'image-importance', 'pareto-front', 'path-distribution']
  const all = [...names, 'supernet-accuracy', 'training', 'variance-by-operation', 'architecture-1']
  const written = readdirSync(figures)
  for (const name of all) expect(written).toEqual(expect.arrayContaining([`${name}.svg`, `${name}.png`]))
})

test('report of several runs: compared, whatever their names are', async () => {
  const cwd = temporaryFolder()
  const name = `a<b>&"c' d`
  makeSearchRun(join(cwd, name), { dataset: '<script>alert(1)</script>' })
  makeSearchRun(join(cwd, 'two', 'run'), { epochs: 3 })
  makeSearchRun(join(cwd, 'three', 'run'))
  makeRetraining(join(cwd, 'alone'))
  const outcome = await pada(['report', name, 'two/run', 'three/run', 'alone'], { cwd, env })
  expect(outcome.code, outcome.stderr).toBe(0)
  expect(outcome.stdout).toMatch(/^Report in report\.html, 0\.\d\d MB\n$/)
  const text = readFileSync(join(cwd, 'report.html'), 'utf8')
  expect(await problemsOf(text)).toEqual([])
  expect(text).not.toMatch(/<script|<b>/)
  expect(text).toContain("<h2>a&lt;b&gt;&amp;&quot;c' d</h2>")
  expect(text).toContain(`href="./a%3Cb%3E%26%22c'%20d/config.yaml"`)
  // Runs with equal names are told apart by their paths.
  expect(text).toContain('<h2>two/run</h2>')
  expect(text).toContain('The run has finished 3 of 4 epochs.')
  expect(text).toContain('The runs compared')
  expect(text).toContain('test, averaged weights')
})

test('report of many runs: no figures of single ones, so that the page stays small', async () => {
  const cwd = temporaryFolder()
  const runs = Array.from({ length: 50 }, (_, i) => `run-${i}`)
  for (const run of runs) makeSearchRun(join(cwd, run))
  const outcome = await pada(['report', ...runs, '--json'], { cwd, env })
  expect(outcome.code, outcome.stderr).toBe(0)
  expect(JSON.parse(outcome.stdout).bytes).toBeLessThan(2e6)
  const text = readFileSync(join(cwd, 'report.html'), 'utf8')
  expect(text).toContain('Figures of single runs are left out of a page about more than 12 runs.')
  expect(text.match(/<svg /g)).toHaveLength(3)
  expect(text).toContain('<h2>run-49</h2>')
})

test('report EXPERIMENT: its studies, as tables and pictures', async () => {
  const cwd = temporaryFolder()
  const none = { n: 0, mean: null, deviation: null }
  const measured = (mean: number) => ({ n: 2, mean, deviation: mean / 10 })
  const conditions = ['SPOS', 'PA<&>DA'].map((method, i) => ({
    study: 'methods',
    labels: { space: 'NAS-Bench-201', extent: 'per operation', method, noise: 'none', epochs: '4' },
    n: 2,
    summary: {
      gradientVarianceLast: measured(1e-5),
      kendallTau: measured(0.4 + i / 10),
      spearman: none,
      bestFound: none,
    },
  }))
  const folder = join(cwd, 'mine')
  mkdirSync(folder)
  writeFileSync(join(folder, 'results.json'), JSON.stringify({ name: 'mine', seeds: [0, 1], cells: [], conditions }))
  const svg = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><script>alert(1)</script></svg>'
  writeFileSync(join(folder, 'methods.svg'), svg)
  const outcome = await pada(['report', 'mine'], { cwd, env })
  expect(outcome.code, outcome.stderr).toBe(0)
  const text = readFileSync(join(cwd, 'report.html'), 'utf8')
  expect(await problemsOf(text)).toEqual([])
  expect(text).toContain('<th scope="row">PA&lt;&amp;&gt;DA</th>')
  expect(text).toContain('0.500 ± 0.050')
  expect(text).toContain('href="./mine/results.json"')
  expect(text).toContain(`<img src="data:image/svg+xml;base64,${Buffer.from(svg).toString('base64')}"`)
  writeFileSync(join(folder, 'results.json'), '{')
  const damaged = await pada(['report', 'mine'], { cwd, env })
  expect(damaged.stderr).toBe(
    'pada-native: Expected the results of an experiment in mine/results.json but received other text\n',
  )
})

test.each<[string, string[], RegExp, number]>([
  ['no run', [], /^pada-native: Expected a run folder or the folder of an experiment for report but received none$/, 2],
  [
    'a folder that is no run',
    ['empty'],
    /Expected a run folder with a config\.yaml but received empty, in which no run has begun; search or retrain with --out begins one$/,
    2,
  ],
  ['what is not there', ['nowhere'], /for report but received nowhere, which does not exist$/, 2],
  ['a file', ['file'], /for report but received the file file$/, 2],
  [
    'another ending',
    ['run', '--out', 'a.pdf'],
    /Expected a name that ends in \.html for --out but received a\.pdf$/,
    2,
  ],
  [
    'an experiment without results',
    ['begun'],
    /Expected results\.json for begun but received none; `npx pada-native experiment FILE --report` writes it$/,
    2,
  ],
  [
    'a missing folder',
    ['run', '--out', 'none/a.html'],
    /for none\/a\.html but received ENOENT: there is no such folder$/,
    1,
  ],
])('report refuses %s in one sentence', async (_, args, sentence, code) => {
  const cwd = temporaryFolder()
  mkdirSync(join(cwd, 'empty'))
  mkdirSync(join(cwd, 'begun', 'cells'), { recursive: true })
  writeFileSync(join(cwd, 'file'), '')
  makeSearchRun(join(cwd, 'run'))
  const outcome = await pada(['report', ...args], { cwd, env })
  const lines = outcome.stderr.trimEnd().split('\n')
  expect(lines, outcome.stderr).toHaveLength(1)
  expect(lines[0]).toMatch(sentence)
  expect(outcome.code).toBe(code)
  expect(existsSync(join(cwd, 'report.html'))).toBe(false)
})
