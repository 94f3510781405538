/** What a user needs for a space of their own: a plain object that implements SearchSpace, and no addon. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { logitsOf } from '../../../src/programs/outputs.js'
import { inputsOf, parametersOf, type Value } from '../../../src/programs/program.js'
import { ProgramBuilder } from '../../../src/programs/program-builder.js'
import {
  checkPath,
  enumeratePaths,
  operationChoices,
  type ParameterSpec,
  type Path,
  type SearchSpace,
  spaceSize,
} from '../../../src/spaces/index.js'

/** A chain of layers that each choose between nothing, a 3×3 and a 5×5 convolution. */
function chain(layers: number, width: number): SearchSpace {
  const operations = ['identity', 'conv3x3', 'conv5x5']
  const kernels = [0, 3, 5]
  const uniform = (fanIn: number) => ({ kind: 'uniform', bound: 1 / Math.sqrt(fanIn) }) as const
  const weightOf = (layer: number, operation: number) => `layers.${layer}.${operation}.weight`

  const parameters: ParameterSpec[] = [{ name: 'stem.weight', shape: [width, 3, 3, 3], init: uniform(27) }]
  for (let layer = 0; layer < layers; layer++) {
    for (const operation of [1, 2]) {
      const kernel = kernels[operation]
      const shape = [width, width, kernel, kernel]
      parameters.push({ name: weightOf(layer, operation), shape, init: uniform(width * kernel ** 2), operation })
    }
  }
  parameters.push({ name: 'head.weight', shape: [10, width], init: uniform(width) })
  parameters.push({ name: 'head.bias', shape: [10], init: { kind: 'zeros' } })

  const space: SearchSpace = {
    name: 'chain',
    operations,
    choices: operationChoices(
      Array.from({ length: layers }, (_, layer) => `layer ${layer}`),
      operations.length,
    ),
    input: { channels: 3, height: 16, width: 16 },
    classes: 10,
    parameters: () => parameters,
    program(path) {
      checkPath(space, path)
      const builder = new ProgramBuilder()
      const convBnRelu = (x: Value, weight: string, kernel: number) =>
        builder.relu(builder.batchNorm(builder.conv2d(x, { weight, channels: width, kernel })))
      let x = convBnRelu(builder.input(space.input), 'stem.weight', 3)
      for (const [layer, operation] of path.entries()) {
        if (operation > 0) x = convBnRelu(x, weightOf(layer, operation), kernels[operation])
      }
      const pooled = builder.globalAvgPool(x)
      return builder.finish(builder.linear(pooled, { weight: 'head.weight', bias: 'head.bias', features: 10 }))
    },
    encode: (path) => path.map((operation) => operations[operation]).join('-'),
    decode(text) {
      const path = text.split('-').map((name) => operations.indexOf(name))
      checkPath(space, path)
      return path
    },
  }
  return space
}

const space = chain(3, 8)
const paths = [...enumeratePaths(space)]
const anyPath: fc.Arbitrary<Path> = fc.array(fc.nat({ max: space.operations.length - 1 }), {
  minLength: space.choices.length,
  maxLength: space.choices.length,
})

describe('a space of one’s own', () => {
  it('enumerates every path once', () => {
    expect(paths).toHaveLength(27)
    expect(spaceSize(space)).toBe(27n)
    expect(new Set(paths.map((path) => space.encode(path))).size).toBe(27)
    fc.assert(fc.property(anyPath, (path) => paths.some((other) => other.join() === path.join())))
  })

  it('reads the notation it writes', () => {
    fc.assert(fc.property(anyPath, (path) => space.decode(space.encode(path)).join() === path.join()))
    expect(() => space.decode('conv3x3-conv7x7-identity')).toThrow(
      'Expected 0…2 for layer 1 in a path of chain but received -1',
    )
  })

  it('uses only parameters it declares, in their declared shapes, and every one on some path', () => {
    const shapes = new Map(space.parameters().map((spec) => [spec.name, spec.shape]))
    const reached = new Set<string>()
    for (const path of paths) {
      const program = space.program(path)
      const { instructions } = program
      expect(instructions[logitsOf(program)].output).toEqual({ channels: space.classes, height: 1, width: 1 })
      for (const step of instructions) {
        for (const name of parametersOf(step)) reached.add(name)
        const from = inputsOf(step).map((id) => instructions[id].output.channels)
        const window = step.op === 'conv2d' ? [step.kernel, step.kernel] : []
        if ('weight' in step) expect(shapes.get(step.weight)).toEqual([step.output.channels, from[0], ...window])
        if (step.op === 'linear') expect(shapes.get(step.bias)).toEqual([step.output.channels])
      }
    }
    expect([...reached].sort()).toEqual([...shapes.keys()].sort())
  })
})
