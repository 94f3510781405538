/** Small programs for the tests of instructions: by hand, and random ones. */
import type { Value } from '../../src/programs/program.js'
import { randomNumbers } from './random.js'
import type { NetBuilder } from './small-net.js'

/** What one instruction, or a few of them that an implementation may fuse, does to the image. */
export type Body = (net: NetBuilder, x: Value) => Value

export const BODIES: Readonly<Record<string, Body>> = {
  'linear after globalAvgPool': (_, x) => x,
  'conv2d 1×1': (net, x) => net.conv(x, 3, 1),
  'conv2d 3×3': (net, x) => net.conv(x, 3, 3),
  'conv2d 3×3 without bias': (net, x) => net.conv(x, 3, 3, { bias: false }),
  'conv2d 3×3 of stride 2': (net, x) => net.conv(x, 3, 3, { stride: 2 }),
  'conv2d 1×1 of stride 2': (net, x) => net.conv(x, 3, 1, { stride: 2 }),
  'conv2d 3×3 without padding': (net, x) => net.conv(x, 3, 3, { padding: 0 }),
  'conv2d 5×5': (net, x) => net.conv(x, 2, 5),
  'two convolutions': (net, x) => net.conv(net.conv(x, 4, 3), 3, 1),
  relu: (net, x) => net.program.relu(net.conv(x, 3, 1)),
  'relu of the images': (net, x) => net.conv(net.program.relu(x), 3, 3),
  batchNorm: (net, x) => net.program.relu(net.program.batchNorm(net.conv(x, 3, 3))),
  'batchNorm of the images': (net, x) => net.conv(net.program.batchNorm(x), 3, 3),
  'batchNorm, then conv2d': (net, x) => net.conv(net.program.batchNorm(net.conv(x, 3, 3)), 3, 3),
  'avgPool2d 3×3': (net, x) => net.program.avgPool2d(net.conv(x, 3, 3), { kernel: 3 }),
  'avgPool2d 2×2 of stride 2': (net, x) =>
    net.program.avgPool2d(net.conv(x, 3, 3), { kernel: 2, stride: 2, padding: 0 }),
  'relu, then avgPool2d': (net, x) => net.program.avgPool2d(net.program.relu(net.conv(x, 3, 3)), { kernel: 3 }),
  'add of two': (net, x) => net.program.add([net.conv(x, 3, 3), net.conv(x, 3, 1)]),
  'add of one value twice': (net, x) => {
    const y = net.conv(x, 3, 3)
    return net.program.add([y, y, net.program.relu(y)])
  },
  'add with zeros': (net, x) => {
    const y = net.conv(x, 3, 3)
    return net.program.relu(net.program.add([net.program.zeros(y.shape), y]))
  },
  'zeros through batchNorm': (net, x) => net.program.batchNorm(net.program.zeros(x.shape)),
  'conv2d of zeros': (net, x) => net.program.relu(net.conv(net.program.zeros(x.shape), 3, 3)),
  'a relu shared by two convolutions': (net, x) => {
    const y = net.program.relu(net.program.batchNorm(net.conv(x, 3, 3)))
    const branches = [net.conv(y, 3, 1), net.conv(y, 3, 3)].map((branch) => net.program.batchNorm(branch))
    return net.program.relu(net.program.add(branches))
  },
  'a value used before and after its relu': (net, x) => {
    const y = net.program.batchNorm(net.conv(x, 3, 3))
    return net.program.add([y, net.program.batchNorm(net.conv(net.program.relu(y), 3, 3)), net.program.relu(y)])
  },
  'a sum that is normalised again': (net, x) => {
    const y = net.program.batchNorm(net.conv(x, 3, 3))
    const z = net.program.add([y, net.program.avgPool2d(y, { kernel: 3 })])
    return net.program.relu(net.program.batchNorm(z))
  },
  'convolutions that share weights': (net, x) => {
    const { program } = net
    const shared = (value: Value) => net.conv(program.relu(value), 8, 3, { as: 'shared' })
    const y = net.conv(x, 8, 1)
    const z = program.batchNorm(shared(y))
    const branches = [program.batchNorm(shared(z)), shared(program.avgPool2d(y, { kernel: 3 })), y]
    return program.batchNorm(net.conv(shared(program.add(branches)), 3, 1))
  },
  'convolutions of channels without kernels that share weights': (net, x) => {
    const shared = (value: Value) => net.conv(value, 2, 3, { as: 'shared' })
    return net.program.add([shared(shared(x)), net.program.batchNorm(shared(x)), x])
  },
  'conv2d 3×3 of dilation 2': (net, x) => net.conv(x, 3, 3, { dilation: 2 }),
  'conv2d 2×2 of dilation 3 and stride 2': (net, x) => net.conv(x, 3, 2, { dilation: 3, stride: 2, padding: 1 }),
  'conv2d in two groups': (net, x) => net.conv(x, 4, 3, { groups: 2 }),
  'conv2d 5×5 depthwise, then 1×1': (net, x) => net.conv(net.conv(net.conv(x, 4, 1), 4, 5, { groups: 4 }), 3, 1),
  'conv2d depthwise of stride 2 and dilation 2': (net, x) =>
    net.conv(x, 2, 3, { groups: 2, stride: 2, dilation: 2, bias: false }),
  'relu, then conv2d in groups': (net, x) => net.conv(net.program.relu(net.conv(x, 4, 1)), 4, 3, { groups: 2 }),
  'maxPool2d 3×3': (net, x) => net.program.maxPool2d(net.conv(x, 3, 3), { kernel: 3 }),
  'maxPool2d 3×3 of stride 2': (net, x) => net.program.maxPool2d(net.conv(x, 3, 3), { kernel: 3, stride: 2 }),
  'maxPool2d 2×2 of stride 2': (net, x) =>
    net.program.maxPool2d(net.conv(x, 3, 3), { kernel: 2, stride: 2, padding: 0 }),
  'maxPool2d of the images': (net, x) => net.conv(net.program.maxPool2d(x, { kernel: 3 }), 3, 3),
  'maxPool2d, then batchNorm': (net, x) =>
    net.program.batchNorm(net.program.maxPool2d(net.conv(x, 3, 3), { kernel: 3 })),
  relu6: (net, x) => net.program.relu6(net.conv(net.conv(x, 8, 3), 3, 3)),
  'relu6 after batchNorm': (net, x) => net.program.relu6(net.norm(net.conv(x, 3, 3))),
  'relu6 before conv2d': (net, x) => net.conv(net.program.relu6(net.conv(net.conv(x, 8, 3), 3, 3)), 3, 3),
  'relu and relu6 of one sum': (net, x) => {
    const y = net.conv(x, 8, 3)
    const sum = net.program.add([net.conv(y, 3, 3), net.conv(y, 3, 1)])
    return net.program.add([net.program.relu6(sum), net.program.relu(sum), net.program.relu6(sum)])
  },
  'relu6 of a sum that is used again': (net, x) => {
    const y = net.conv(x, 8, 3)
    const sum = net.program.add([net.conv(y, 3, 3), net.conv(y, 3, 1)])
    return net.program.add([net.program.relu6(sum), sum])
  },
  'batchNorm with affine': (net, x) => net.norm(net.conv(x, 3, 3)),
  'batchNorm with affine of the images': (net, x) => net.conv(net.program.relu(net.norm(x)), 3, 3),
  'batchNorm with affine, then relu and conv2d': (net, x) =>
    net.conv(net.program.relu(net.norm(net.conv(x, 3, 3))), 3, 3),
  'batchNorm with affine of a channel count that has kernels': (net, x) =>
    net.norm(net.conv(net.program.relu(net.norm(net.conv(x, 8, 1))), 8, 1)),
  'batchNorms of all kinds in one sum': (net, x) => {
    const y = net.program.relu(net.conv(x, 3, 3))
    const branches = [net.norm(net.conv(y, 3, 1)), net.program.batchNorm(net.conv(y, 3, 3)), net.norm(y)]
    return net.program.relu(net.program.add([...branches, y]))
  },
  'batchNorms with and without affine of one value': (net, x) => {
    const y = net.conv(x, 3, 3)
    return net.program.relu(net.program.add([net.norm(y), net.program.batchNorm(y), net.norm(y)]))
  },
  'batchNorm with running statistics': (net, x) =>
    net.program.relu(net.norm(net.conv(x, 3, 3), { affine: false, running: true })),
  'batchNorm with affine and running statistics': (net, x) =>
    net.norm(net.conv(net.program.relu(net.norm(net.conv(x, 8, 3), { running: true })), 8, 1, { bias: false }), {
      running: true,
    }),
  'concat of three': (net, x) =>
    net.conv(net.program.concat([net.conv(x, 3, 3), x, net.program.relu(net.conv(x, 1, 1))]), 3, 3),
  'concat of one value twice and zeros': (net, x) => {
    const y = net.program.batchNorm(net.conv(x, 3, 3))
    return net.conv(net.program.concat([y, net.program.zeros(y.shape), y]), 2, 1)
  },
  'crop2d of the images': (net, x) => net.conv(net.program.crop2d(x, { top: 1, left: 2 }), 3, 3),
  'crop2d within, of a value used again': (net, x) => {
    const y = net.conv(x, 3, 3)
    const crops = [
      net.program.crop2d(y, { top: 1, left: 1, height: 4, width: 3 }),
      net.program.crop2d(y, { top: 2, height: 4, width: 3 }),
    ]
    return net.program.relu(net.program.add(crops))
  },
  'crop2d to the first channels': (net, x) => {
    const y = net.conv(x, 4, 3)
    return net.conv(net.program.add([net.program.crop2d(y, { channels: 3 }), net.conv(x, 3, 1)]), 3, 3)
  },
  'a factorized reduction': (net, x) => {
    const y = net.program.relu(net.conv(x, 4, 3))
    const options = { stride: 2, padding: 0, bias: false }
    const odd = net.program.crop2d(y, { top: 1, left: 1, height: 5, width: 4 })
    const even = net.program.crop2d(y, { height: 5, width: 4 })
    const halves = [net.conv(even, 2, 1, options), net.conv(odd, 2, 1, options)]
    return net.program.batchNorm(net.program.concat(halves))
  },
  'a reduction of the first channels': (net, x) => {
    const first = net.program.crop2d(net.conv(x, 8, 3), { channels: 4 })
    return net.program.batchNorm(net.conv(first, 4, 1, { stride: 2, padding: 0, bias: false }))
  },
  dropout: (net, x) => net.program.dropout(net.conv(x, 3, 3), { p: 0.3 }),
  'dropout of the pooled features': (net, x) =>
    net.program.dropout(net.program.globalAvgPool(net.conv(x, 8, 3)), { p: 0.5 }),
  'dropout of nothing': (net, x) =>
    net.program.batchNorm(net.program.relu(net.program.dropout(net.conv(x, 3, 3), { p: 0 }))),
  'dropPath beside a shortcut': (net, x) => {
    const y = net.program.batchNorm(net.conv(x, 3, 3))
    const branch = net.program.dropPath(net.norm(net.conv(net.program.relu(y), 3, 3)), { p: 0.5 })
    return net.program.relu(net.program.add([branch, y]))
  },
  'taps of a value that others read too': (net, x) => {
    const { program } = net
    const y = program.tap(program.batchNorm(net.conv(x, 3, 3)), { slot: 3 })
    const twice = program.tap(y, { slot: 0 })
    const branch = program.batchNorm(net.conv(program.relu(twice), 3, 3))
    return program.add([program.tap(branch, { slot: 1 }), y, program.batchNorm(twice)])
  },
  'a tap of the pooled features': (net, x) =>
    net.program.tap(net.program.globalAvgPool(net.conv(net.program.tap(x, { slot: 1 }), 8, 3)), { slot: 0 }),
  'an inverted residual': (net, x) => {
    const y = net.norm(net.conv(x, 4, 3))
    const wide = net.program.relu6(net.norm(net.conv(y, 12, 1, { bias: false })))
    const deep = net.program.relu6(net.norm(net.conv(wide, 12, 3, { groups: 12, bias: false })))
    return net.program.add([net.norm(net.conv(deep, 4, 1, { bias: false })), y])
  },
  'instructions between globalAvgPool and linear': (net, x) => {
    const { program } = net
    const pooled = program.globalAvgPool(net.conv(x, 4, 3))
    const excited = program.relu(net.conv(program.relu6(net.norm(pooled)), 5, 1))
    return program.dropout(program.add([excited, program.dropPath(excited, { p: 0.2 })]), { p: 0.1 })
  },
  'a value that nothing uses': (net, x) => {
    net.program.relu(net.conv(x, 5, 3))
    return net.conv(x, 3, 1)
  },
}

/** Random programs: every instruction after every other, values used again at random. */
export function randomBody(seed: number): Body {
  const random = randomNumbers(seed)
  const below = (count: number) => Math.floor(((random() + 1) / 2) * count)
  return (net, x) => {
    const values = [net.program.batchNorm(net.conv(x, 3, 3))]
    const pick = () => values[values.length - 1 - below(Math.min(values.length, 4))]
    for (let i = 0; i < 9; i++) {
      const kinds: (() => Value)[] = [
        () => net.program.batchNorm(net.conv(net.program.relu(pick()), 3, 3)),
        () => net.program.batchNorm(net.conv(net.program.relu(pick()), 3, 1)),
        () => net.conv(pick(), 3, 3, { bias: false }),
        () => net.program.batchNorm(pick()),
        () => net.program.relu(pick()),
        () => net.program.avgPool2d(pick(), { kernel: 3 }),
        () => net.program.add([pick(), pick()]),
        () => net.program.add([pick(), pick(), pick()]),
      ]
      values.push(kinds[below(kinds.length)]())
    }
    return net.program.relu(net.program.add(values.slice(-3)))
  }
}

/** The same of the instructions that the first ones leave out; all keep three channels and the image's extent. */
export function randomMobileBody(seed: number): Body {
  const random = randomNumbers(seed)
  const below = (count: number) => Math.floor(((random() + 1) / 2) * count)
  return (net, x) => {
    const { program } = net
    const values = [net.norm(net.conv(x, 3, 3))]
    const pick = () => values[values.length - 1 - below(Math.min(values.length, 4))]
    for (let i = 0; i < 8; i++) {
      const kinds: (() => Value)[] = [
        () => net.norm(net.conv(program.relu6(pick()), 3, 3, { groups: 3, bias: false })),
        () => net.norm(net.conv(program.relu(pick()), 3, 3, { dilation: 2 }), { running: true }),
        () => net.norm(program.maxPool2d(pick(), { kernel: 3 }), { affine: false }),
        () => net.norm(pick()),
        () => program.relu6(pick()),
        () => program.maxPool2d(program.relu(pick()), { kernel: 3 }),
        () => net.conv(program.concat([pick(), pick()]), 3, 1, { bias: false }),
        () => net.norm(net.conv(program.crop2d(pick(), { top: 1, left: 1 }), 3, 2, { padding: 1 })),
        () => program.dropout(pick(), { p: 0.2 }),
        () => program.dropPath(pick(), { p: 0.3 }),
        () => program.add([pick(), net.norm(pick()), program.avgPool2d(pick(), { kernel: 3 })]),
      ]
      values.push(kinds[below(kinds.length)]())
    }
    return program.relu(program.add(values.slice(-3)))
  }
}
