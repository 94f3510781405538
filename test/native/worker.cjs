// A worker thread that trains by the addon's own calls: workers run what Node runs, which TypeScript is not.
const { parentPort, workerData } = require('node:worker_threads')

const { addon, names, shapes, weights, program, data, indices, options, steps } = workerData
const { Supernet, Dataset } = require(addon)

async function train() {
  const buffers = { names: [], shapes: [], initial: new Float32Array(0) }
  const net = new Supernet(names, shapes, buffers, { device: 'cpu', arithmetic: 'fast', precision: 'float32' })
  await net.write('parameters', weights)
  const dataset = new Dataset(data, 'cpu')
  const plan = net.compile(program.code, program.names, program.idle)
  const losses = []
  while (losses.length < steps) {
    // Two at once, so that one waits while the other runs.
    const both = [1, 2].map(() => net.trainStep(plan, dataset, { indices }, options))
    losses.push(...(await Promise.all(both)).map(({ loss }) => loss))
    if (steps === Number.POSITIVE_INFINITY) parentPort?.postMessage('under way')
  }
  parentPort?.postMessage(losses)
}

train()
