import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { createRandom } from '../../src/base/random.js'
import { parseConfig } from '../../src/config/index.js'
import type { Splits } from '../../src/data/splits.js'
import type { Tensor } from '../../src/formats/safetensors.js'
import { writeTorchStateDict } from '../../src/formats/torch-writer.js'
import { openWeights } from '../../src/runs/open-weights.js'
import { importOpened, importRun } from '../../src/search/import-run.js'
import { search } from '../../src/search/search.js'
import { nasBench201 } from '../../src/spaces/index.js'
import { initialise } from '../../src/training/snapshot.js'
import { readWeights } from '../../src/weights/read-weights.js'
import { randomFloats, randomNumbers } from '../support/random.js'
import { tensorsOf } from '../support/weights.js'

const input = { channels: 1, height: 4, width: 4 }
const COUNT = 24
const images = {
  images: randomFloats(randomNumbers(1), COUNT * 16, 1),
  labels: Int32Array.from({ length: COUNT }, (_, i) => i % 3),
  ...input,
}
const data: Splits = { name: 'noise', classes: 3, train: images, test: images }
const config = parseConfig({
  seed: 5,
  threads: 1,
  space: { name: 'nasbench201', channels: 2, cellsPerStage: 1 },
  training: { epochs: 2, batchSize: 8, augmentation: [{ kind: 'pad-crop', padding: 1 }, { kind: 'flip' }] },
  ranking: { subModels: 5 },
})
const space = nasBench201({ channels: 2, cellsPerStage: 1, input, classes: 3 })

function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'pada-import-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** What a run of the settings begins with. */
async function initialWeights(): Promise<Map<string, Tensor>> {
  const tensors = new Map<string, Tensor>()
  const specs = space.parameters()
  const write = async (_kind: string, values: Float32Array) => {
    let offset = 0
    for (const { name, shape } of specs) {
      const length = shape.reduce((product, extent) => product * extent, 1)
      tensors.set(name, { shape, data: values.slice(offset, offset + length) })
      offset += length
    }
  }
  // Only `specs` and `write` are asked for.
  await initialise({ specs, write } as unknown as Parameters<typeof initialise>[0], createRandom(config.seed))
  return tensors
}

async function run(options: Parameters<typeof search>[1]): Promise<unknown> {
  let last: unknown
  for await (const event of search(config, { data, ...options })) last = event
  return last
}

const weightsOf = (folder: string) => readWeights(join(folder, 'checkpoint', 'weights.safetensors'))

test('training an imported run goes on from the weights as a new run does, to the last bit', async () => {
  const folder = temporaryFolder()
  const [fresh, imported] = [join(folder, 'fresh'), join(folder, 'imported')]
  const file = join(folder, 'weights.pt')
  await writeTorchStateDict(file, await initialWeights())
  const { report } = await importRun(config, file, { out: imported, data })
  expect(report).toMatchObject({ from: 'pada-native', matched: space.parameters().length, initial: [] })
  expect(new Map(await weightsOf(imported))).toEqual(await initialWeights())

  const ranked = { ranked: 5, epochs: 0 }
  expect(await run({ resume: imported, phases: ['rank'] })).toMatchObject(ranked)
  await run({ out: fresh })
  await run({ resume: imported })
  expect(await weightsOf(imported)).toEqual(await weightsOf(fresh))
  const ranking = (path: string) => readFileSync(join(path, 'ranking.csv'), 'utf8')
  expect(ranking(imported)).toBe(ranking(fresh))
  const firstEvent = (path: string) => {
    // The machine of the import has the number of threads before the settings'.
    const {
      run: _,
      machine: _machine,
      ...event
    } = JSON.parse(readFileSync(join(path, 'events.jsonl'), 'utf8').split('\n')[0])
    return event
  }
  expect(firstEvent(imported)).toEqual(firstEvent(fresh))
})

test('a run can be imported, and what it lacks has the initial values of the seed', async () => {
  const folder = temporaryFolder()
  const first = join(folder, 'first')
  const initial = await initialWeights()
  const ones = ({ shape, data }: Tensor) => ({ shape, data: new Float32Array(data.length).fill(1) })
  const changed = new Map([...initial].map(([name, tensor]) => [name, ones(tensor)]))
  changed.delete('classifier.bias')
  const file = join(folder, 'weights.pt')
  await writeTorchStateDict(file, changed)
  const { report } = await importRun(config, file, { out: first, data, strict: false })
  expect(report).toMatchObject({ initial: ['classifier.bias'], missing: ['classifier.bias'] })
  expect((await weightsOf(first)).get('classifier.bias')).toEqual(initial.get('classifier.bias'))
  expect(JSON.parse(readFileSync(join(first, 'import.json'), 'utf8'))).toEqual({
    source: file,
    digest: expect.stringMatching(/^[0-9a-f]{32}$/),
    ...report,
  })

  const chosen = { key: 'state_dict', otherKeys: ['state_dict_ema'] }
  const keyed = join(folder, 'keyed')
  const imported = await importOpened(
    config,
    { ...(await openWeights(file)), ...chosen },
    { out: keyed, data, strict: false },
  )
  expect(imported).toEqual({ run: keyed, report, ...chosen })
  expect(JSON.parse(readFileSync(join(keyed, 'import.json'), 'utf8'))).toEqual({
    source: file,
    digest: expect.stringMatching(/^[0-9a-f]{32}$/),
    ...chosen,
    ...report,
  })

  const second = join(folder, 'second')
  await importRun(config, first, { out: second, data })
  expect(await weightsOf(second)).toEqual(await weightsOf(first))
})

test('what a method keeps of its own begins anew if the checkpoint has none of it', async () => {
  const folder = temporaryFolder()
  const file = join(folder, 'weights.pt')
  const shared = nasBench201({ channels: 2, cellsPerStage: 1, sharing: 'perCell', input, classes: 3 })
  await writeTorchStateDict(file, tensorsOf(shared))
  const close = parseConfig({ ...config, method: { name: 'close', curriculum: [1] } })
  const first = join(folder, 'first')
  const { report } = await importRun(close, file, { out: first, data })
  const supernet = shared.parameters().map(({ name }) => name)
  const own = [...(await weightsOf(first)).keys()].filter((name) => !supernet.includes(name))
  expect(own.length).toBeGreaterThan(0)
  expect(report).toMatchObject({ matched: supernet.length, initial: own, missing: [], left: [] })

  const again = await importRun({ ...close, seed: 6 }, first, { out: join(folder, 'second'), data })
  expect(again.report).toMatchObject({ matched: supernet.length + own.length, initial: [] })
  expect(await weightsOf(join(folder, 'second'))).toEqual(await weightsOf(first))
})

test('nothing is written for weights that do not fit, nor after an abort', async () => {
  const folder = temporaryFolder()
  const out = join(folder, 'out')
  const file = join(folder, 'weights.pt')
  const weights = await initialWeights()
  await writeTorchStateDict(file, weights)
  await expect(importRun(config, file, { out, data, signal: AbortSignal.abort() })).rejects.toThrow('aborted')
  weights.delete('stem.0.weight')
  await writeTorchStateDict(file, weights)
  await expect(importRun(config, file, { out, data })).rejects.toThrow('1 missing: stem.0.weight')
  await expect(importRun(config, folder, { out, data })).rejects.toThrow('Expected a run folder with a config.yaml')
  expect(existsSync(out)).toBe(false)
})
