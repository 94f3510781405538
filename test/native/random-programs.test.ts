/** Random programs, computed by the addon's own kernels and by ATen, one instruction after the other. */
import { describe, expect, it } from 'vitest'
import type { Arithmetic } from '../../src/native/index.js'
import { randomNet } from '../support/random-net.js'
import { NetBuilder, relativeError, smallNet } from '../support/small-net.js'
import { byName } from '../support/state.js'

const CLASSES = 5
const EXTENTS = [
  [8, 8],
  [7, 9],
  [5, 12],
] as const
const CASES = Number(process.env.PADA_TEST_CASES ?? 40)

async function measure(seed: number, arithmetic: Arithmetic) {
  const [height, width] = EXTENTS[seed % EXTENTS.length]
  const input = { channels: 4, height, width }
  const net = new NetBuilder()
  const last = randomNet(net, net.program.input(input), seed)
  const program = net.classify(last, CLASSES)
  using small = await smallNet(program, net.specs, input, {
    seed,
    count: 6,
    classes: CLASSES,
    buffers: net.buffers,
    arithmetic,
  })
  const { net: supernet, plan, dataset, indices } = small
  const { loss } = await supernet.accumulate(plan, { dataset, indices, drop: { seed: 7, pathScale: 0.9 } })
  return {
    loss,
    gradients: byName(net.specs, await supernet.read('gradients')),
    buffers: await supernet.read('buffers'),
    logits: await supernet.logits(plan, dataset, indices),
    text: program.instructions.map(({ op }) => op).join(' '),
  }
}

describe('random programs', () => {
  it.each(Array.from({ length: CASES }, (_, i) => i + 1))('%d is what ATen computes', async (seed) => {
    const [fused, alone] = [await measure(seed, 'fast'), await measure(seed, 'reference')]
    expect.soft(relativeError(fused.logits, alone.logits), `logits ${fused.text}`).toBeLessThan(1e-4)
    expect.soft(relativeError([fused.loss], [alone.loss]), 'loss').toBeLessThan(1e-4)
    expect.soft(relativeError(fused.buffers, alone.buffers), 'buffers').toBeLessThan(1e-4)
    const floor = 0.1 * Math.max(...[...alone.gradients.values()].flatMap((values) => [...values].map(Math.abs)))
    for (const [name, expected] of alone.gradients) {
      // Norms of few pixels enlarge rounding, to 0.005 in a few programs of a thousand. A value in a wrong place is 0.1.
      expect.soft(relativeError(fused.gradients.get(name) ?? [], expected, floor), name).toBeLessThan(0.02)
    }
  })
})
