/** Random programs of all shapes: what an implementation fuses, of channel counts with and without kernels. */
import type { Shape, Value } from '../../src/programs/program.js'
import { randomNumbers } from './random.js'
import type { NetBuilder } from './small-net.js'

const CHANNELS = [3, 4, 8, 12, 20]
/** Instructions of a program. */
const LENGTH = 14

/** Adds a random program to `net`, whose instructions read values shortly before; returns the means of its last values. */
export function randomNet(net: NetBuilder, x: Value, seed: number): Value {
  const random = randomNumbers(seed)
  const below = (count: number) => Math.floor(((random() + 1) / 2) * count)
  const pick = <T>(list: readonly T[]) => list[below(list.length)]
  const { program } = net
  const values = [net.norm(net.conv(x, pick(CHANNELS.slice(1)), 3, { bias: false }))]
  const recent = () => pick(values.slice(-5))
  /** Recent values of which `is` holds, at least one and at most `most`; a value may come twice. */
  const some = (most: number, is: (value: Value) => boolean) => {
    const fitting = values.slice(-6).filter(is)
    return Array.from({ length: 1 + below(most) }, () => pick(fitting))
  }
  const kinds: (() => Value)[] = [
    () => convolution(recent()),
    () => convolution(program.relu(recent())),
    () => net.norm(convolution(recent()), { affine: below(2) === 0, running: below(3) === 0 }),
    () => net.norm(recent(), { affine: below(2) === 0, running: below(3) === 0 }),
    () => (below(3) === 0 ? program.relu6(recent()) : program.relu(recent())),
    () => {
      const first = recent()
      return program.add([first, ...some(3, ({ shape }) => isEqual(shape, first.shape))])
    },
    () => {
      const first = recent()
      const fits = ({ shape }: Value) => shape.height === first.shape.height && shape.width === first.shape.width
      return program.concat([first, ...some(2, fits)])
    },
    () => cropped(recent()),
    () => reduction(recent()),
    () => pooled(recent()),
    () => (below(2) === 0 ? program.dropout(recent(), { p: 0.3 }) : program.dropPath(recent(), { p: 0.3 })),
  ]

  function convolution(from: Value): Value {
    const { channels, height, width } = from.shape
    const kernel = Math.min(pick([1, 1, 3, 3, 5]), 2 * Math.min(height, width) - 1)
    const stride = Math.min(height, width) > 2 ? pick([1, 1, 2]) : 1
    const isDeep = kernel > 1 && below(3) === 0
    return net.conv(from, isDeep ? channels : pick(CHANNELS), kernel, {
      stride,
      bias: false,
      groups: isDeep ? channels : 1,
    })
  }

  function cropped(from: Value): Value {
    const { channels, height, width } = from.shape
    const top = below(Math.min(2, height))
    const left = below(Math.min(2, width))
    const part = { height: height - top - below(Math.min(2, height - top)), width: width - left }
    return program.crop2d(from, { top, left, ...part, channels: below(2) === 0 ? channels : 1 + below(channels) })
  }

  /** Pointwise convolutions of stride 2, of crops of a value. */
  function reduction(from: Value): Value {
    if (Math.min(from.shape.height, from.shape.width) < 3) return from
    const read = below(2) === 0 ? program.relu(from) : from
    const { height, width } = from.shape
    const crop = { height: height - 1, width: width - 1, channels: below(2) === 0 ? undefined : pick([4, 8]) }
    const channels = Math.min(crop.channels ?? Number.POSITIVE_INFINITY, from.shape.channels)
    const half = (at: number) =>
      net.conv(program.crop2d(read, { ...crop, channels, top: at, left: at }), pick([4, 8]), 1, {
        stride: 2,
        bias: false,
      })
    return program.concat([half(0), half(1)])
  }

  function pooled(from: Value): Value {
    const { height, width } = from.shape
    const options = { kernel: Math.min(3, height, width), stride: Math.min(height, width) > 2 ? pick([1, 2]) : 1 }
    return below(2) === 0 ? program.avgPool2d(from, options) : program.maxPool2d(from, options)
  }

  for (let i = 0; i < LENGTH; i++) values.push(pick(kinds)())
  // What a norm follows: a mean right after one would be its bias.
  return program.concat(values.slice(-5).map((value) => program.globalAvgPool(program.relu(net.norm(value)))))
}

function isEqual(a: Shape, b: Shape): boolean {
  return a.channels === b.channels && a.height === b.height && a.width === b.width
}
