/**
 * Imports the weights of a reference implementation and ranks sub-models with them. The checkpoint has the names of
 * AutoDL-Projects' supernet of NAS-Bench-201.
 *
 *     node examples/port-checkpoint.ts [FOLDER]
 */
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import * as pada from 'pada-native'

await pada.ensureNative({ log: console.error })

const folder = process.argv[2] ?? join('runs', `port-${Date.now()}`)
const config = pada.parseConfig({
  space: { name: 'nasbench201', channels: 4, cellsPerStage: 1 },
  data: { format: 'embedded', padTo: 32, downsample: 2, trainCount: 1000, testCount: 250 },
  ranking: { subModels: 20, top: 3 },
})

// Stands in for torch.save(model.state_dict(), 'reference.pt'); these weights are random.
const checkpoint = join(folder, 'reference.pt')
await mkdir(folder, { recursive: true })
await pada.writeTorchStateDict(checkpoint, await reference())

// From here on, the steps are the same for a checkpoint of your own.
const { run, report } = await pada.importRun(config, checkpoint, { out: join(folder, 'run') })
console.log(`${report.matched} tensors by the names of ${report.from}, ${report.filled.length} biases of zero`)
for await (const event of pada.search(config, { resume: run, phases: ['rank'] })) {
  if (event.event === 'result')
    for (const { arch, accuracy } of event.top) console.log(`${(100 * accuracy).toFixed(1)} %  ${arch}`)
}

/** Random weights under AutoDL-Projects' names, without biases of residual blocks, which that supernet lacks. */
async function reference(): Promise<Map<string, pada.Tensor>> {
  const { train, classes } = await pada.loadSplits(config.data)
  const space = pada.createSpace(config.space, train, classes)
  const random = pada.createRandom(0).init
  const tensors = new Map<string, pada.Tensor>()
  for (const { name, shape, init } of space.parameters()) {
    if (/conv_[ab]\.op\.1\.bias$/.test(name)) continue
    const bound = init.kind === 'uniform' ? init.bound : 0
    const length = shape.reduce((product, extent) => product * extent, 1)
    const data = Float32Array.from({ length }, () => (2 * random.uniform() - 1) * bound)
    tensors.set(name.replace(/^(stem|cells)\./, '_$1.'), { shape, data })
  }
  return tensors
}
