/**
 * A search space of your own, checked, trained and ranked on the embedded images. It has three layers; each is skipped,
 * a 3×3 convolution or a 5×5 convolution. So it has 27 paths.
 *
 *     node examples/own-space.ts          (Node 22.18 and later; before that: npx tsx examples/own-space.ts)
 */
import * as pada from 'pada-native'

const CHANNELS = 8
const CLASSES = 10
const LAYERS = ['first', 'second', 'third']
const OPERATIONS = ['skip', 'conv3x3', 'conv5x5']
const KERNELS = [undefined, 3, 5]
const IMAGE = { channels: 1, height: 16, width: 16 }

/** PyTorch's default: uniform in ±1/√(fan-in). */
function weight(name: string, shape: number[], operation?: number): pada.ParameterSpec {
  const fanIn = shape.slice(1).reduce((product, extent) => product * extent, 1)
  return { name, shape, init: { kind: 'uniform', bound: 1 / Math.sqrt(fanIn) }, operation }
}

const space: pada.SearchSpace = {
  name: 'three-layers',
  operations: OPERATIONS,
  // A path takes one option of every choice; here every layer chooses among all operations.
  choices: pada.operationChoices(LAYERS, OPERATIONS.length),
  input: IMAGE,
  classes: CLASSES,

  // All parameters of the supernet. `operation` is the candidate of a parameter, for its importance and variance.
  parameters: () => [
    weight('stem', [CHANNELS, IMAGE.channels, 3, 3]),
    ...LAYERS.flatMap((layer) =>
      [1, 2].map((k) => weight(`${layer}.${k}`, [CHANNELS, CHANNELS, KERNELS[k]!, KERNELS[k]!], k)),
    ),
    weight('head.weight', [CLASSES, CHANNELS]),
    { name: 'head.bias', shape: [CLASSES], init: { kind: 'zeros' } },
  ],

  // The program of one path; the addon checks it, plans it and runs it.
  program(path) {
    pada.checkPath(space, path)
    const builder = new pada.ProgramBuilder()
    const convolution = (x: pada.Value, name: string, kernel: number) =>
      builder.batchNorm(builder.conv2d(x, { weight: name, channels: CHANNELS, kernel }))
    let x = convolution(builder.input(IMAGE), 'stem', 3)
    for (const [layer, operation] of path.entries()) {
      const kernel = KERNELS[operation]
      if (kernel !== undefined) x = convolution(builder.relu(x), `${LAYERS[layer]}.${operation}`, kernel)
    }
    const pooled = builder.globalAvgPool(builder.relu(x))
    return builder.finish(builder.linear(pooled, { weight: 'head.weight', bias: 'head.bias', features: CLASSES }))
  },

  encode(path) {
    pada.checkPath(space, path)
    return path.map((operation) => OPERATIONS[operation]).join(' ')
  },
  decode(text) {
    const path = text.split(' ').map((name) => OPERATIONS.indexOf(name))
    pada.checkPath(space, path)
    return path
  },
}

await pada.ensureNative({ log: console.error })
console.log('the space breaks', (await pada.checkSpace(space)).join('\n') || 'no rule')
const config = pada.parseConfig({
  threads: 1,
  data: { format: 'embedded', padTo: 32, downsample: 2, trainCount: 1000, testCount: 500 },
  training: { epochs: 4, batchSize: 50, augmentation: [{ kind: 'pad-crop', padding: 2 }, { kind: 'flip' }] },
  ranking: { top: 3 },
})
// An optional argument names the run folder; by default it is a new one under runs/.
for await (const event of pada.search(config, { space, out: process.argv[2] })) {
  if (event.event === 'epoch') console.log(`epoch ${event.epoch}: loss ${event.loss.toFixed(3)}`)
  if (event.event === 'result')
    for (const { arch, accuracy } of event.top) console.log(`${(100 * accuracy).toFixed(1)} %  ${arch}`)
}
