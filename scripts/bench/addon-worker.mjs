/**
 * The addon's side of the benchmarks: answers the requests of scripts/bench/pytorch.py. A step may name another batch
 * than the one it was opened with, and `memory` also tells what is resident now. It computes what `search` does: images are gathered from bytes by index, cropped and flipped in the step.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { Dataset, nasBench201, nativeInfo, parseConfig, peakMemory, Supernet, setThreads } from '../../dist/index.js'
import { IMAGE, MEAN, STD } from './inputs.mjs'

const AUGMENTATION = parseConfig({}).training.augmentation
const STEP = {
  learningRate: 0.05,
  optimizer: { kind: 'sgd', momentum: 0.9, weightDecay: 2.5e-4 },
  clipNorm: 5,
  unsampled: 'skip',
}

let space, supernet, dataset, device, batch, indices
let seed = 0

async function open(request) {
  await setThreads(request.threads)
  batch = request.batch
  space = nasBench201({ channels: request.channels, cellsPerStage: request.cells, input: IMAGE })
  const bytes = (name) => Uint8Array.from(readFileSync(join(request.folder, name)))
  const images = bytes('images.u8')
  const labels = new Int32Array(bytes('labels.i32').buffer)
  dataset = new Dataset({ ...IMAGE, images, labels, mean: MEAN, std: STD }, request.device)
  device = request.device
  supernet = new Supernet(space.parameters(), { device, precision: request.precision })
  await supernet.write('parameters', new Float32Array(bytes('weights.f32').buffer))
  indices = Int32Array.from(labels, (_, i) => i)
  const { torch, threads, cudaDevices, cpuCapability } = nativeInfo()
  return { torch, threads, device: request.device === 'cuda' ? cudaDevices[0] : null, cpuCapability }
}

/** The loss and gradient norm of a step that changes nothing. */
async function check({ path }) {
  const plan = supernet.compile(space.program(path))
  const options = { ...STEP, learningRate: 0 }
  const { loss, globalNorm } = await supernet.trainStep(plan, { dataset, indices: indices.subarray(0, batch) }, options)
  plan.dispose()
  return { loss, globalNorm }
}

async function measure({ do: mode, path, steps, batch: size = batch }) {
  const start = performance.now()
  // Planning a path is part of its step: a new path is drawn at almost every one.
  for (let step = 0; step < steps; step++) {
    const plan = supernet.compile(space.program(path))
    if (mode === 'train') {
      const augmentation = { seed: seed++, list: AUGMENTATION }
      await supernet.trainStep(plan, { dataset, indices: indices.subarray(0, size), augmentation }, STEP)
    } else {
      await supernet.evaluate(plan, dataset, { batchSize: size, count: size })
    }
    plan.dispose()
  }
  return { seconds: (performance.now() - start) / 1000 / steps }
}

async function memory() {
  const gpuPeak = device === 'cuda' ? await peakMemory(device) : null
  return { resident: process.memoryUsage.rss(), gpuPeak }
}

const answers = { open, check, train: measure, eval: measure, memory }

for await (const line of createInterface({ input: process.stdin })) {
  const request = JSON.parse(line)
  let answer
  try {
    answer = await answers[request.do](request)
  } catch (error) {
    answer = { error: error.message.split('\n')[0] }
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`)
}
