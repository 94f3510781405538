/**
 * A worker thread that calls the addon without end, for workers.mjs: calls that answer at once, calls that are refused,
 * handles that are disposed or left to the garbage collector, and steps of which some are always under way.
 */
import { createRequire } from 'node:module'
import { parentPort, workerData } from 'node:worker_threads'

/** @type {import('#dist/native/raw.js').Binding} */
const { Dataset, Supernet, contentDigest, info } = createRequire(import.meta.url)(workerData.addon)

// Four inputs to three classes: op codes, inputs, parameters, buffers, shapes and attributes as encodeProgram writes them.
const input = [0, 0, 0, 0, 4, 1, 1, 0]
const linear = [8, 1, 0, 2, 0, 1, 0, 3, 1, 1, 0]
const weight = new Int32Array(Float64Array.of(1).buffer)
const code = Int32Array.from([1, 1, ...weight, ...input, ...linear])
const names = ['weight', 'bias']
const buffers = { names: [], shapes: [], initial: new Float32Array(0) }
const step = {
  learningRate: 0.1,
  optimizer: /** @type {const} */ ({ kind: 'sgd', momentum: 0.9, weightDecay: 0 }),
  clipNorm: 5,
  unsampled: /** @type {const} */ ('skip'),
}
const indices = Int32Array.of(0, 1, 2)
const images = () => {
  const extent = { channels: 4, height: 1, width: 1 }
  return new Dataset({ images: new Float32Array(12), labels: indices, ...extent }, 'cpu')
}

parentPort?.postMessage('under way')
for (;;) {
  const net = new Supernet(names, [[3, 4], [3]], buffers, { device: 'cpu', arithmetic: 'fast', precision: 'float32' })
  const [dataset, left] = [images(), images()]
  const plan = net.compile(code, names, [])
  const steps = Array.from({ length: 6 }, () => net.trainStep(plan, dataset, { indices }, step))
  for (let call = 0; call < 10; call++) {
    refused(() => net.compile(code.subarray(0, call % code.length), names, []))
    refused(() => net.trainStep(plan, left, { indices }, { ...step, clipNorm: -1 }))
    net.compile(code, names, [])
    contentDigest(new Uint8Array(64))
    info()
  }
  steps.push(net.trainStep(plan, dataset, { indices: Int32Array.of(9) }, step).then(unexpected, () => steps[0]))
  await Promise.all([...steps, net.read('parameters'), net.write('parameters', new Float32Array(15))])
  for (const handle of [plan, dataset, net]) handle.dispose()
}

/** @param {() => unknown} call */
function refused(call) {
  try {
    call()
  } catch {
    return
  }
  unexpected()
}

/** @returns {never} */
function unexpected() {
  throw new Error('Expected a refusal but the call succeeded')
}
