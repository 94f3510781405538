/** The command `retrain`, as users type it: the page about it, interruptions, a full disk, and what it refuses. */
import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parseConfig } from '../../src/config/index.js'
import { loadSplits } from '../../src/data/index.js'
import type { RetrainEpochEvent, RetrainResult } from '../../src/retraining/events.js'
import { evaluateLogits } from '../../src/search/inference.js'
import { drawImages } from '../support/drawn-images.js'
import { interruptAt, type Outcome, pada, temporaryFolder, tiny } from '../support/harness.js'
import { runOnnx } from '../support/onnx.js'

const root = fileURLToPath(new URL('../..', import.meta.url))
const SMOKE = join(root, 'configs', 'retrain-smoke.yaml')
const OF_SEARCH = join(root, 'configs', 'nasbench201-smoke.yaml')
/** Epochs of eight steps, with a checkpoint after each. */
const SETTINGS = [
  ...['--config', SMOKE, '--path', '3,3,3,1,3,3', '--set', 'network.channels=4', 'data.trainCount=256'],
  ...['data.testCount=128', 'training.epochs=4', 'training.batchSize=32', 'training.checkpointSeconds=0'],
]

function lastOf(outcome: Outcome): RetrainResult {
  expect(outcome.code, outcome.stderr).toBe(0)
  const last = JSON.parse(outcome.stdout.trimEnd().split('\n').at(-1)!)
  expect(last.event).toBe('result')
  return last
}

const epochsOf = ({ stdout }: Outcome) =>
  stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
    .filter((event): event is RetrainEpochEvent => event.event === 'epoch')

test('docs/retraining.md: from a search to a model that onnxruntime gives the same accuracy', async () => {
  const page = readFileSync(join(root, 'docs', 'retraining.md'), 'utf8')
  const [, block] = /^```sh\n(npx pada-native search .*?)^```$/ms.exec(page)!
  const commands = block.trimEnd().split('\n')
  expect(commands).toHaveLength(4)
  const cwd = temporaryFolder()
  symlinkSync(join(root, 'configs'), join(cwd, 'configs'))
  for (const command of commands) {
    const outcome = await pada(command.split(' ').slice(2), { cwd })
    expect(outcome.code, `${command}\n${outcome.stderr}`).toBe(0)
    // The recipe names other images than the run has.
    const note = /^images: those that the recipe \S*retrain-smoke.yaml names, not those of runs\/small$/m
    if (command.includes('--from')) expect(outcome.stdout).toMatch(note)
  }
  const result: RetrainResult = JSON.parse(readFileSync(join(cwd, 'runs/small-alone/summary.json'), 'utf8'))
  const found = JSON.parse(readFileSync(join(cwd, 'runs/small/summary.json'), 'utf8')).found.best[0]
  expect(result.arch).toBe(found.arch)
  expect(found.costs.parameters).toBeLessThanOrEqual(20_000)

  const data = { format: 'embedded', trainCount: 3000, testCount: 500, padTo: 32, downsample: 4 } as const
  const { test } = await loadSplits(parseConfig({ data }).data)
  const [mean, std] = [test.mean![0], test.std![0]]
  const images = Float32Array.from(test.images, (byte) => (byte / 255 - mean) / std)
  const logits = await runOnnx(readFileSync(join(cwd, 'small.onnx')), images, test)
  expect(evaluateLogits(logits, test.labels).accuracy).toBe(result.top1)
})

describe('a retraining that was cut short continues to the same numbers', () => {
  const folder = mkdtempSync(join(tmpdir(), 'pada-retrain-'))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))
  let unbroken: Outcome
  beforeAll(async () => {
    unbroken = await pada(['retrain', ...SETTINGS, '--out', join(folder, 'unbroken'), '--json'])
  })
  const comparable = ({ run: _run, seconds: _seconds, ...rest }: RetrainResult) => rest

  test.each(['SIGINT', 'SIGTERM'] as const)('%s: it saves, says how to go on, and exits 130', async (signal) => {
    const run = join(temporaryFolder(), 'run')
    const at = { event: { event: 'checkpoint', epoch: 1, step: 4 } }
    const outcome = await interruptAt(['retrain', ...SETTINGS, '--out', run], signal, at)
    expect(outcome.code, outcome.stderr).toBe(130)
    expect(outcome.stderr).toContain(`Continue with: npx pada-native retrain --resume ${run}`)
    expect(existsSync(join(run, 'summary.json'))).toBe(false)
    const resumed = await pada(['retrain', '--resume', run, '--json'])
    expect(comparable(lastOf(resumed))).toEqual(comparable(lastOf(unbroken)))
    expect(epochsOf(resumed)[0].epoch).toBe(1)
  })

  test('a full disk: one sentence, and nothing is lost', async () => {
    const run = join(temporaryFolder(), 'run')
    const hook = new URL('../support/full-disk.mjs', import.meta.url)
    hook.search = new URLSearchParams({ file: 'state.safetensors', times: '12' }).toString()
    const args = ['retrain', ...SETTINGS, '--out', run, '--json']
    const outcome = await pada(args, { node: ['--import', hook.href] })
    expect(outcome.code).toBe(1)
    expect(outcome.stderr).toMatch(
      /^pada-native: Expected a place that can be written to for .* but received ENOSPC: the disk is full$/m,
    )
    const resumed = await pada(['retrain', '--resume', run, '--json'])
    expect(comparable(lastOf(resumed))).toEqual(comparable(lastOf(unbroken)))
  })

  test('a loss that diverges: one sentence, and the run stays', async () => {
    const run = join(temporaryFolder(), 'run')
    const outcome = await pada([
      'retrain',
      ...SETTINGS,
      'training.learningRate=1e6',
      'training.checkpointSeconds=900',
      '--out',
      run,
      '--json',
    ])
    expect(outcome.code).toBe(1)
    expect(outcome.stderr.trimEnd().split('\n').at(-1)).toMatch(
      /^pada-native: Expected (a finite loss|finite weights).* but received .*: try a lower training\.learningRate$/,
    )
    expect(existsSync(join(run, 'config.yaml'))).toBe(true)
    const sentence = outcome.stderr.trimEnd().split('\n').at(-1)!.replace('pada-native: ', '')
    const logged = readFileSync(join(run, 'events.jsonl'), 'utf8').trimEnd().split('\n')
    expect(JSON.parse(logged.at(-1)!)).toMatchObject({ event: 'stopped', why: 'failed', reason: sentence })
    // It diverged in its first epoch, so there is no checkpoint to go on from.
    const again = await pada(['retrain', '--resume', run, '--json'])
    expect(again.stderr).toContain('the run has no checkpoint yet: its training begins anew')
    expect(again.stderr.trimEnd().split('\n').at(-1)).toBe(`pada-native: ${sentence}`)
  })
})

test('retrain --from takes the best of a run, its data and the recipe; --inherit the size of the supernet', async () => {
  const folder = temporaryFolder()
  const from = join(folder, 'search')
  const searched = await pada(['search', ...tiny(), '--out', from, '--json'])
  expect(searched.code, searched.stderr).toBe(0)
  const [, second] = JSON.parse(searched.stdout.trimEnd().split('\n').at(-1)!).top
  const set = ['--set', 'training.epochs=1', 'training.batchSize=64']
  const run = join(folder, 'run')
  const args = ['retrain', '--from', from, '--top', '2', '--inherit', ...set, '--out', run, '--json']
  const result = lastOf(await pada(args))
  expect(result.arch).toBe(second.arch)
  expect(result.dataset).toBe('fashion-mnist')
  const printed = await pada(['config', join(run, 'config.yaml'), '--json'])
  expect(JSON.parse(printed.stdout)).toMatchObject({
    threads: 1,
    network: { space: 'nasbench201', channels: 4, cellsPerStage: 1, path: second.arch },
    data: { trainCount: 256 },
    training: { learningRate: 0.1, epochs: 1 },
  })

  // Commands for searches refuse the run, and those for weights take it.
  for (const args of [
    ['rank', run],
    ['find', run],
    ['search', '--resume', run],
    ['retrain', '--from', run],
  ]) {
    const { code, stderr } = await pada(args)
    expect(code).toBe(2)
    expect(stderr).toBe(
      `pada-native: Expected a run of a search for the run folder but received the retraining ${run}\n`,
    )
  }
  const imported = await pada(['import', run, '--out', join(folder, 'imported')])
  expect(imported.stderr).toBe(
    `pada-native: Expected weights of a supernet for import but received those of a network trained alone, in ${run}; retrain --init begins with them\n`,
  )
  expect(imported.code).toBe(2)
  const cost = await pada(['cost', run, '--json'])
  expect(JSON.parse(cost.stdout)).toMatchObject({ arch: second.arch, parameters: result.parameters })
  const whole = await pada(['export', run, '--out', join(folder, 'whole'), '--no-recalibrate'])
  expect(whole.stderr).toBe(
    `pada-native: Expected --no-recalibrate for a supernet only but received it with the retraining ${run}\n`,
  )
  expect(whole.code).toBe(2)
  const exported = await pada([
    'export',
    run,
    '--best',
    '--format',
    'safetensors',
    '--out',
    join(folder, 'best'),
    '--json',
  ])
  expect(JSON.parse(exported.stdout)).toMatchObject({ event: 'result', arch: second.arch })
})

test('retrain --from refuses a ranking of other weights than the run has', async () => {
  const folder = temporaryFolder()
  const [from, other] = [join(folder, 'search'), join(folder, 'other')]
  for (const [run, seed] of [
    [from, 1],
    [other, 2],
  ]) {
    const searched = await pada([
      'search',
      ...tiny('training.epochs=1', 'ranking.subModels=3', `seed=${seed}`),
      '--out',
      `${run}`,
    ])
    expect(searched.code, searched.stderr).toBe(0)
  }
  copyFileSync(join(other, 'checkpoint', 'weights.safetensors'), join(from, 'checkpoint', 'weights.safetensors'))
  // As checkpoints of earlier versions, which did not know their tensors.
  const state = join(from, 'checkpoint', 'state.json')
  writeFileSync(state, JSON.stringify({ ...JSON.parse(readFileSync(state, 'utf8')), digests: undefined }))
  const retrain = ['retrain', '--from', from, '--set', 'training.epochs=1', 'training.batchSize=64']
  const refused = await pada([...retrain, '--out', join(folder, 'run')])
  expect(refused.stderr).toBe(
    `pada-native: Expected the weights that ${from} was ranked with for --from but received other weights since its ranking; rank ${from} makes it again\n`,
  )
  expect(refused.code).toBe(1)
  expect(existsSync(join(folder, 'run'))).toBe(false)
  const ranked = await pada(['rank', from])
  expect(ranked.code, ranked.stderr).toBe(0)
  const retrained = await pada([...retrain, '--out', join(folder, 'run')])
  expect(retrained.code, retrained.stderr).toBe(0)
})

test('retrain --from says that the images of the run are others by now', async () => {
  const folder = temporaryFolder()
  const [images, from] = [join(folder, 'images'), join(folder, 'search')]
  drawImages(images)
  const data = `data={format: folder, dir: ${images}, size: 16, validationCount: 12}`
  const settings = tiny(data, 'training={epochs: 1, batchSize: 12}', 'ranking={subModels: 3}')
  const searched = await pada(['search', ...settings, '--out', from])
  expect(searched.code, searched.stderr).toBe(0)
  const note = `note: the training images are others than those that ${from} was trained on`
  const retrained = async (name: string) => {
    const training = ['--set', 'training.epochs=1', 'training.batchSize=24', 'network.channels=4']
    const outcome = await pada(['retrain', '--from', from, ...training, '--out', join(folder, name)])
    expect(outcome.code, outcome.stderr).toBe(0)
    return outcome.stdout
  }
  expect(await retrained('same')).not.toContain(note)
  copyFileSync(join(images, 'train', 'green', '1.ppm'), join(images, 'train', 'green', '0.ppm'))
  expect(await retrained('others')).toContain(note)
})

describe('retrain refuses, in one sentence and before it writes anything,', () => {
  const darts = ['--config', join(root, 'configs', 'retrain-darts-cifar10.yaml'), '--set']
  const images = (extent: number) => `data={format: embedded, padTo: ${extent}, trainCount: 100}`
  test.each([
    ['no source', [], 'Expected --config, --from or --resume for retrain but received none of them'],
    ['no path', [...darts, images(32)], 'Expected a list or text for network.path but received nothing'],
    ['a genotype that does not parse', [...darts, images(32), '--path', 'Genotype(normal=[])'], 'Expected Genotype('],
    ['a path of another space', ['--config', SMOKE, '--path', '02012100'], 'Expected |op~0|+|op~0|op~1|'],
    [
      'a crop of nothing',
      ['--config', SMOKE, '--set', 'training.augmentation=[{kind: pad-crop, padding: 8}]'],
      "Expected less than the images' side of 8 pixels for training.augmentation[0].padding but received 8",
    ],
    [
      'more images than there are',
      ['--config', SMOKE, '--set', 'evaluation.imageCount=501'],
      'Expected at most 500 test images',
    ],
    [
      'settings of a search',
      ['--config', OF_SEARCH],
      `Expected the recipe of a retraining for --config but received the settings of a search: ${OF_SEARCH}; use npx pada-native search --config`,
    ],
    [
      'a network too large for the images',
      [...darts, images(30), '--path', '0'.repeat(22).split('').join()],
      'Expected multiples of 4 for height and width',
    ],
    [
      '--inherit without a run',
      ['--config', SMOKE, '--inherit'],
      'Expected --from with --inherit but received --inherit alone',
    ],
    ['--top without a run', ['--config', SMOKE, '--top', '2'], 'Expected --from with --top but received --top alone'],
    ['a folder that is no run', ['--from', 'nowhere'], 'Expected a run folder with a config.yaml but received nowhere'],
    [
      'weights that are not there',
      ['--config', SMOKE, '--init', 'nowhere.pt'],
      'Expected a readable checkpoint for nowhere.pt but received no such file',
    ],
  ])('%s', async (_, args, sentence) => {
    const out = join(temporaryFolder(), 'run')
    const { code, stderr, stdout } = await pada(['retrain', ...args, '--out', out])
    expect(stderr.startsWith(`pada-native: ${sentence}`), stderr).toBe(true)
    expect(code).toBeGreaterThan(0)
    expect(stdout.replace(/^libtorch .*\n/, '')).toBe('')
    expect(existsSync(out)).toBe(false)
  })
})
