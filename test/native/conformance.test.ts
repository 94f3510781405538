import { describe, expect, it } from 'vitest'
import { type ConfigInput, parseConfig } from '../../src/config/index.js'
import { checkSpace } from '../../src/conformance/check-space.js'
import { ProgramBuilder } from '../../src/programs/program-builder.js'
import {
  createSpace,
  operationChoices,
  type Path,
  type SearchSpace,
  SPACES,
  type SpaceName,
} from '../../src/spaces/index.js'

const INPUT = { channels: 2, height: 16, width: 16 }

/** Settings beside which a space has others in which it is another one. */
const VARIANTS: Readonly<Record<string, readonly object[]>> = {
  nasbench201: [{ sharing: 'perCell' }, { affine: true }],
  'nasbench1shot1-1': [{ sharing: 'perCell' }],
  'nasbench1shot1-3': [{ sharing: 'perCell' }],
  darts: [{ affine: true }],
}

/** The smallest instance of each space that has all its parts. */
const TINY: Readonly<Record<SpaceName, object>> = {
  nasbench201: { channels: 4, cellsPerStage: 1 },
  'nasbench1shot1-1': { channels: 4, cellsPerStage: 1 },
  'nasbench1shot1-2': { channels: 4, cellsPerStage: 1 },
  'nasbench1shot1-3': { channels: 4, cellsPerStage: 1 },
  darts: { channels: 4, cells: 3 },
  proxylessnas: { width: 0.25, layers: [2, 1, 1, 2, 1, 1] },
  'nasbench-macro': { channels: 4 },
}

describe('every search space', () => {
  const instances = SPACES.flatMap((name) => [{}, ...(VARIANTS[name] ?? [])].map((variant) => ({ name, ...variant })))
  it.each(instances)('%j keeps the rules', async (settings) => {
    const config = parseConfig({ space: { ...TINY[settings.name], ...settings } as ConfigInput['space'] })
    expect(await checkSpace(createSpace(config.space, INPUT, 3), { paths: 10 })).toEqual([])
  })
})

/** Two layers, of a 1×1 convolution or none, that keep the rules unless something is changed. */
function chain(changes: Partial<SearchSpace> = {}): SearchSpace {
  const uniform = { kind: 'uniform', bound: 0.7 } as const
  const space: SearchSpace = {
    name: 'chain',
    operations: ['none', 'conv'],
    choices: operationChoices(['a', 'b'], 2),
    input: INPUT,
    classes: 3,
    parameters: () => [
      { name: 'a', shape: [2, 2, 1, 1], init: uniform, operation: 1 },
      { name: 'b', shape: [2, 2, 1, 1], init: uniform, operation: 1 },
      { name: 'head.weight', shape: [3, 2], init: uniform },
      { name: 'head.bias', shape: [3], init: uniform },
    ],
    program(path) {
      if (path.length !== 2 || path.some((option) => ![0, 1].includes(option))) throw new RangeError('no path')
      const builder = new ProgramBuilder()
      let x = builder.input(INPUT)
      for (const [i, weight] of ['a', 'b'].entries()) {
        if (path[i] === 1) x = builder.relu(builder.conv2d(x, { weight, channels: 2, kernel: 1 }))
      }
      const head = { weight: 'head.weight', bias: 'head.bias', features: 3 }
      return builder.finish(builder.linear(builder.globalAvgPool(x), head))
    },
    encode(path) {
      space.program(path)
      return path.join('')
    },
    decode(text) {
      if (!/^[01]{2}$/.test(text)) throw new RangeError('no path')
      return [...text].map(Number)
    },
    ...changes,
  }
  return space
}

describe('checkSpace', () => {
  it('finds nothing in a space that keeps the rules', async () => {
    expect(await checkSpace(chain())).toEqual([])
  })

  const { parameters, encode, decode, program } = chain()
  const broken: [string, Partial<SearchSpace>, RegExp][] = [
    ['an unknown operation', { choices: operationChoices(['a', 'b'], 3) }, /operations 0…1 for a but received 2/],
    ['a choice of nothing', { choices: [{ name: 'a', connections: 0 }] }, /at least one option for a/],
    ['a name twice', { parameters: () => [...parameters(), ...parameters()] }, /different names .* received a twice/],
    ['a notation that loses something', { encode: (path) => `${encode(path)[0]}0` }, /Expected .* for decode/],
    [
      'a notation for everything',
      { decode: (text) => (text.length === 2 ? decode(text) : [0, 0]) },
      /for decode\("no path/,
    ],
    ['no check of paths', { program: (path) => program([path[0] % 2, path[1] % 2]) }, /Expected an error for program/],
    [
      'a parameter that nothing uses',
      { parameters: () => [...parameters(), { name: 'c', shape: [1], init: { kind: 'zeros' } }] },
      /a path that uses c /,
    ],
    [
      'a mark of another operation',
      { parameters: () => parameters().map((one) => ({ ...one, ...(one.name === 'a' && { operation: 0 }) })) },
      /Expected a in paths with operation 0 only but received it in path 1,1/,
    ],
    [
      'weights without marks',
      { parameters: () => parameters().map(({ operation: _, ...one }) => one) },
      /Expected the mark `operation` on weights/,
    ],
    [
      'a notation that is read as numbers of options',
      {
        encode: (path) => [...encode(path)].toReversed().join(),
        decode: (text) => decode(text.replace(/(.),(.)/, '$2$1')),
      },
      /Expected a notation for (0,1|1,0) that is no list of options but received "(1,0|0,1)", which is read as \2/,
    ],
    [
      'an error of encode',
      {
        encode(path) {
          if (path.join() === '1,1') throw new Error('no name')
          return encode(path)
        },
      },
      /Expected a notation for path 1,1 .* the error "no name"/,
    ],
    [
      'a path without dead edges that is none',
      { withoutDeadEdges: ([a]) => [a] },
      /Expected a path for withoutDeadEdges/,
    ],
    ['dead edges that are not dead', { withoutDeadEdges: () => [0, 0] }, /Expected the logits of path/],
    ['dead edges that remain', { withoutDeadEdges: ([a, b]) => [b, a] }, /Expected no dead edges in/],
    ['too many classes', { classes: 4 }, /Expected 4 finite logits/],
    ['no parameters', { parameters: undefined }, /^Expected a function for parameters but received undefined$/],
    ['no input', { input: undefined }, /^Expected a positive whole number for input.channels but received undefined$/],
    ['no classes', { classes: Number.NaN }, /^Expected a positive whole number for classes but received NaN$/],
    [
      'parameters that fail',
      {
        parameters: () => {
          throw new Error('too wide')
        },
      },
      /^Expected the tensors of parameters\(\) but received the error "too wide"$/,
    ],
    [
      'images that its programs do not take',
      { input: { ...INPUT, channels: 3 } },
      /^Expected logits for path \S+ and images of the space's input but received the error ".+"$/,
    ],
  ]
  it.each(broken)('finds %s', async (_, changes, problem) => {
    const problems = await checkSpace(chain(changes))
    expect(problems.join('\n')).toMatch(problem)
  })

  it('names a rule that is broken everywhere only once', async () => {
    const few = { program: (path: Path) => program(path.map((option) => Math.abs(option) % 2).slice(0, 2)) }
    const unread = { parameters: () => parameters().map((one) => ({ ...one, name: `other.${one.name}` })) }
    expect(await checkSpace(chain(few))).toEqual([
      'Expected an error for program([1,0,0]) but received none',
      'Expected an error for encode([1,0,0]) but received none',
    ])
    expect(await checkSpace(chain(unread))).toEqual([
      'Expected a path that uses other.a but received none in many (nor 3 others)',
    ])
  })

  it('refuses to draw no path', async () => {
    await expect(checkSpace(chain(), { paths: 0 })).rejects.toThrow('Expected at least one path but received 0')
  })
})
