import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { writeReport } from '../../../src/experiment/report.js'
import { temporaryFolder } from '../../support/folders.js'
import { makeRetraining, makeSearchRun } from '../../support/made-up-run.js'

const SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"></svg>\n'

let cwd: string
const file = (...names: string[]) => join(cwd, ...names)
const written = () => readdirSync(file('figures')).toSorted()

/** The folder of an experiment with one study, whose condition has `n` seeds. */
function makeExperiment(name: string, n: number): void {
  mkdirSync(file(name))
  const none = { n: 0, mean: null, deviation: null }
  const tau = { n, mean: 0.4, deviation: n > 1 ? 0.1 : null }
  const labels = { space: 'NAS-Bench-201', extent: 'per operation', method: 'SPOS', noise: 'none', epochs: '4' }
  const summary = { gradientVarianceLast: none, kendallTau: tau, spearman: none, bestFound: none }
  const conditions = [{ study: 'methods', labels, n, summary }]
  writeFileSync(file(name, 'results.json'), JSON.stringify({ name, seeds: [0], cells: [], conditions }))
  writeFileSync(file(name, 'methods.svg'), SVG)
}

async function reportOn(...sources: string[]): Promise<string> {
  const paths = sources.map((source) => file(source))
  await writeReport(paths, { out: file('report.html'), figures: file('figures') })
  return readFileSync(file('report.html'), 'utf8')
}

beforeEach(() => {
  cwd = temporaryFolder()
})

describe('the report about an experiment', () => {
  it('writes the figures of its studies as files', async () => {
    makeExperiment('mine', 2)
    expect(await reportOn('mine')).toContain('Mean ± one standard deviation over the seeds')
    expect(written()).toEqual(['methods.png', 'methods.svg'])
    expect(readFileSync(file('figures', 'methods.svg'), 'utf8')).toBe(SVG)
  })

  it('has the figures in the colours of a dark page too, and no other ones in print', async () => {
    makeExperiment('mine', 2)
    const svg =
      '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><rect fill="white" stroke="#abcdef"/></svg>'
    writeFileSync(file('mine', 'methods.svg'), svg)
    const text = await reportOn('mine')
    const [, media, dark] = /<source media="([^"]*)" srcset="data:image\/svg\+xml;base64,([^"]*)">/.exec(text)!
    expect(media).toBe('screen and (prefers-color-scheme: dark)')
    expect(Buffer.from(dark, 'base64').toString()).toBe(svg.replace('white', '#0d1117'))
  })

  it('has tau by loss if the experiment knows it', async () => {
    makeExperiment('mine', 2)
    expect(await reportOn('mine')).not.toContain('τ by loss')
    const file = join(cwd, 'mine', 'results.json')
    const byLoss = '"kendallTauByLoss":{"n":2,"mean":0.55,"deviation":0.02}'
    writeFileSync(file, readFileSync(file, 'utf8').replace('"spearman"', `${byLoss},"spearman"`))
    expect(await reportOn('mine')).toMatch(/τ by loss.*<td class="number">0\.550 ± 0\.020<\/td>/s)
  })

  it('has tau of size alone, and with multiply-adds, if the experiment knows them', async () => {
    makeExperiment('mine', 2)
    expect(await reportOn('mine')).not.toMatch(/τ of size alone|τ with multiply-adds/)
    const path = file('mine', 'results.json')
    const sizes =
      '"kendallTauByParameters":{"n":2,"mean":0.497,"deviation":0},"kendallTauWithMultiplyAdds":{"n":2,"mean":0.531,"deviation":0.01}'
    writeFileSync(path, readFileSync(path, 'utf8').replace('"spearman"', `${sizes},"spearman"`))
    const text = await reportOn('mine')
    expect(text).toMatch(/τ of size alone.*<td class="number">0\.497 ± 0\.000<\/td>/s)
    expect(text).toMatch(/τ with multiply-adds.*<td class="number">0\.531 ± 0\.010<\/td>/s)
  })

  it('says what rankings are sorted by, unless it is the accuracy', async () => {
    makeExperiment('mine', 1)
    expect(await reportOn('mine')).not.toContain('Rankings are by')
    const cells = [{ rankedBy: 'accuracyAndMultiplyAdds' }]
    const results = JSON.parse(readFileSync(file('mine', 'results.json'), 'utf8'))
    writeFileSync(file('mine', 'results.json'), JSON.stringify({ ...results, cells }))
    expect(await reportOn('mine')).toContain('Rankings are by accuracy and multiply-adds: P@top')
  })

  it('says if searches of a study are of several data sets', async () => {
    makeExperiment('mine', 1)
    const results = JSON.parse(readFileSync(file('mine', 'results.json'), 'utf8'))
    const cells = ['a', 'b'].map((test) => ({ studies: ['methods'], computedFrom: { images: { test } } }))
    writeFileSync(file('mine', 'results.json'), JSON.stringify({ ...results, cells }))
    expect(await reportOn('mine')).toContain('Searches of methods are of several data sets: GV and KT')
  })

  it('writes nothing if the page has no place', async () => {
    makeExperiment('mine', 1)
    const options = { out: file('none', 'report.html'), figures: file('figures') }
    await expect(writeReport([file('mine')], options)).rejects.toThrow('ENOENT: there is no such folder')
    expect(existsSync(file('figures'))).toBe(false)
    await writeReport([file('mine')], { out: file('figures', 'report.html'), figures: file('figures') })
    expect(written()).toEqual(['methods.png', 'methods.svg', 'report.html'])
  })

  it('says that there is one seed', async () => {
    makeExperiment('mine', 1)
    const text = await reportOn('mine')
    expect(text).toContain('<figcaption>One seed</figcaption>')
    expect(text).not.toContain('standard deviation')
  })

  it('tells the figures of two experiments and of runs apart', async () => {
    makeExperiment('one', 1)
    makeExperiment('two', 1)
    makeSearchRun(file('run'))
    expect(await reportOn('one', 'two', 'run')).toContain('<dt>below the best in the table</dt><dd>0.50 points</dd>')
    const names = ['1-run-training.svg', 'experiment-1-one-methods.svg', 'experiment-2-two-methods.svg']
    expect(written()).toEqual(expect.arrayContaining(names))
  })

  it.each([
    ['missing', undefined],
    ['damaged', SVG.slice(0, 30)],
  ])('makes no folder for figures that are %s, and says so', async (state, text) => {
    makeExperiment('mine', 2)
    if (text === undefined) rmSync(file('mine', 'methods.svg'))
    else writeFileSync(file('mine', 'methods.svg'), text)
    expect(await reportOn('mine')).toContain(`The figure of the study methods is ${state}.`)
    expect(existsSync(file('figures'))).toBe(false)
  })
})

describe('the report about several runs', () => {
  const compared = async () => (await reportOn('one', 'two')).split('<h3>')[0]

  it('has no columns of what the runs share', async () => {
    makeSearchRun(file('one'))
    makeSearchRun(file('two'))
    const text = await compared()
    expect(text).not.toMatch(/<th scope="col">(space|images|ground truth|sub-models)|cannot be compared/)
    expect(text).toContain('<title>Gradient variance and rank correlation</title>')
  })

  it('says that runs of other images cannot be compared', async () => {
    makeSearchRun(file('one'))
    makeSearchRun(file('two'), { dataset: 'others' })
    const text = await compared()
    expect(text).toMatch(/<th scope="col">images<.*<td>made up<.*<td>others</s)
    expect(text).toContain('These runs have other spaces or images: their variances and τ cannot be compared.')
    expect(text).not.toMatch(/<title>[^<]*variance/)
  })

  it('says that retrainings on other images cannot be compared', async () => {
    const begin = (name: string, dataset: string) => {
      makeRetraining(file(name))
      const path = file(name, 'events.jsonl')
      const start = { event: 'start', run: name, dataset, classes: 10, epochs: 2, warnings: [], stepsPerEpoch: 1 }
      writeFileSync(path, `${JSON.stringify(start)}\n${readFileSync(path, 'utf8')}`)
    }
    begin('one', 'a')
    begin('two', 'a')
    expect(await compared()).not.toMatch(/<th scope="col">images|cannot be compared/)
    begin('two', 'b')
    const text = await compared()
    expect(text).toMatch(/<th scope="col">images<.*<td>a, 10 classes<.*<td>b, 10 classes</s)
    expect(text).toContain('These networks were tested on other images: their accuracies cannot be compared.')
  })

  it('knows images and tables by what they are, not by their names', async () => {
    makeSearchRun(file('one'))
    makeSearchRun(file('two'))
    const write = (name: string, images: string, digest: string) => {
      const path = file(name, 'summary.json')
      const groundTruth = { file: `${name}/table.csv`, column: 'accuracy', digest }
      const computedFrom = { images: { train: images, test: images }, weights: name }
      writeFileSync(path, JSON.stringify({ ...JSON.parse(readFileSync(path, 'utf8')), groundTruth, computedFrom }))
    }
    write('one', 'a', 'a')
    write('two', 'b', 'a')
    expect(await compared()).toContain('These runs have other spaces or images')
    write('two', 'a', 'b')
    expect(await compared()).toContain('These rankings are of other sub-models or compared with other tables')
    write('two', 'a', 'a')
    expect(await compared()).not.toContain('cannot be compared')
  })

  it('says that rankings of other sub-models, or compared with other tables, cannot be compared', async () => {
    makeSearchRun(file('one'))
    makeSearchRun(file('two'))
    const path = file('two', 'summary.json')
    writeFileSync(path, readFileSync(path, 'utf8').replace('"withGroundTruth":30', '"withGroundTruth":20'))
    const text = await compared()
    expect(text).toMatch(/<th scope="col" class="number">sub-models<.*<td class="number">30<.*<td class="number">20</s)
    expect(text).toContain('These rankings are of other sub-models')
    expect(text).not.toContain('These runs have other')
    expect(text).toContain('<title>Gradient variance</title>')
  })
})

describe('the report about a run', () => {
  it('ranks by ranking.csv if the summary is missing or damaged, and says so', async () => {
    makeSearchRun(file('run'))
    const summary = readFileSync(file('run', 'summary.json'), 'utf8')
    for (const text of ['{', '{"event":"result","top":3}']) {
      writeFileSync(file('run', 'summary.json'), text)
      const page = await reportOn('run')
      expect(page).toContain('<li>summary.json is damaged, and its results are left out.</li>')
      expect(page).toContain('Ranked sub-models')
      expect(page).not.toContain('neither ranked nor searched')
    }
    const { found: _, ...ranked } = JSON.parse(summary)
    writeFileSync(file('run', 'summary.json'), JSON.stringify({ ...ranked, rankedBy: 'accuracyAndParameters' }))
    expect(await reportOn('run')).toContain('Ranked sub-models, by accuracy and parameters')
    const best = ranked.top.map((one: object) => ({ ...one, costs: {} }))
    const found = { algorithm: 'random', evaluations: 9, objectives: ['accuracy'], by: 'accuracyAndMultiplyAdds', best }
    writeFileSync(file('run', 'summary.json'), JSON.stringify({ ...ranked, found }))
    expect(await reportOn('run')).toContain('Found sub-models, by accuracy and multiply-adds')
    writeFileSync(file('run', 'summary.json'), JSON.stringify({ ...ranked, rankedBy: 'size' }))
    expect(await reportOn('run')).toContain('summary.json is damaged')
    rmSync(file('run', 'ranking.csv'))
    rmSync(file('run', 'found.csv'))
    rmSync(file('run', 'summary.json'))
    expect(await reportOn('run')).toContain('The run has neither ranked nor searched sub-models yet.')
  })

  it('shows the finished epochs, and no time that the log does not tell', async () => {
    makeSearchRun(file('run'))
    writeFileSync(file('run', 'events.jsonl'), '')
    expect(await reportOn('run')).toContain('<dt>epochs</dt><dd>4 of 4</dd>')
    rmSync(file('run', 'summary.json'))
    mkdirSync(file('run', 'checkpoint'))
    writeFileSync(file('run', 'checkpoint', 'state.json'), '{"progress":{"epoch":3}}')
    const page = await reportOn('run')
    expect(page).toContain('<dt>epochs</dt><dd>3 of 4</dd>')
    expect(page).not.toContain('<dt>time</dt>')
  })

  it('names the damaged settings of one of several', async () => {
    makeSearchRun(file('one'))
    makeSearchRun(file('two'))
    writeFileSync(file('two', 'config.yaml'), 'name: [')
    await expect(reportOn('one', 'two')).rejects.toThrow(`Expected valid YAML for ${file('two', 'config.yaml')}`)
  })
})
