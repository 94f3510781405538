import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { UserError } from '../../../../src/base/errors.js'
import { buffersOf, parametersOf } from '../../../../src/programs/program.js'
import { costOf } from '../../../../src/spaces/cost.js'
import { enumeratePaths, nasBenchMacro, parsePath, spaceSize } from '../../../../src/spaces/index.js'

const space = nasBenchMacro()
const paths = fc.array(fc.integer({ min: 0, max: 2 }), { minLength: 8, maxLength: 8 })

describe('the space', () => {
  it('has 6,561 paths in 3,969 classes of isomorphic networks', () => {
    expect(spaceSize(space)).toBe(6561n)
    expect(new Set(Array.from(enumeratePaths(space), (path) => space.isomorphismKey(path))).size).toBe(3969)
  })

  it('reads eight digits, and lists of options', () => {
    fc.assert(
      fc.property(paths, (path) => {
        expect(space.encode(path)).toMatch(/^[012]{8}$/)
        expect(space.decode(space.encode(path))).toEqual(path)
        expect(parsePath(space, ` ${space.encode(path)}`)).toEqual(path)
        expect(parsePath(space, path.join())).toEqual(path)
      }),
    )
  })

  it.each(['0201210', '020121000', '02012103', '-2012100', '2', '', 'k3e3'])('refuses "%s"', (text) => {
    const message = `Expected 8 digits 0…2 for an architecture of nasbench-macro but received "${text}"`
    expect(() => parsePath(space, text)).toThrow(new UserError(message, 2))
  })

  it('has isomorphic networks of equal cost, in which identities do not count but in first layers', () => {
    const key = (text: string) => space.isomorphismKey(space.decode(text))
    const cost = costOf(space)
    expect(key('02012100')).toBe('|02|012|1')
    expect(key('11120202')).toBe(key('11102220'))
    expect(key('01000000')).not.toBe(key('10000000'))
    const byKey = new Map<string, string>()
    for (const path of enumeratePaths(space)) {
      const text = JSON.stringify(cost(path))
      const known = byKey.get(space.isomorphismKey(path)) ?? text
      expect(text).toBe(known)
      byKey.set(space.isomorphismKey(path), known)
    }
  })
})

describe('the network', () => {
  // Entries of the benchmark's table; scripts/check/nasbench-macro.mjs compares all.
  it.each([
    ['02012100', 890_666, 47_327_744],
    ['11111221', 2_181_386, 65_012_224],
    ['22212220', 1_985_514, 85_164_544],
  ])("has the table's parameters and multiply-adds for %s", (arch, parameters, multiplyAdds) => {
    expect(costOf(space)(space.decode(arch))).toMatchObject({ parameters, multiplyAdds })
  })

  it('halves the image three times and doubles its width as often', () => {
    const { instructions } = space.program([1, 1, 1, 1, 1, 1, 1, 1])
    const extents = instructions.map(({ output }) => `${output.channels}@${output.height}`)
    for (const extent of ['32@32', '64@16', '128@8', '256@4', '1280@4']) expect(extents).toContain(extent)
    expect(extents.at(-1)).toBe('10@1')
    expect(instructions.filter(({ op }) => op === 'add')).toHaveLength(5)
  })

  it('convolves 1×1 in place of identities where there is a stride', () => {
    const { instructions } = space.program([0, 0, 0, 0, 0, 0, 0, 0])
    const names = instructions.flatMap((step) => (step.op === 'conv2d' ? [step.weight] : []))
    expect(names).toEqual([
      'stem.0.weight',
      'features.0.0.downsample.0.weight',
      'features.2.0.downsample.0.weight',
      'features.5.0.downsample.0.weight',
      'out.0.weight',
    ])
  })

  it('names parameters as its authors do, with the candidate, and gives each an operation', () => {
    const specs = space.parameters()
    for (const { name, operation } of specs) {
      const candidate = /^features\.\d\.(\d)\./.exec(name)?.[1]
      expect(operation?.toString(), name).toBe(candidate)
    }
    const shapes = new Map(specs.map(({ name, shape }) => [name, shape]))
    expect(shapes.size).toBe(specs.length)
    expect(shapes.get('features.3.2.conv.0.weight')).toEqual([768, 128, 1, 1])
    expect(shapes.get('features.3.2.conv.3.weight')).toEqual([768, 1, 5, 5])
    expect(shapes.get('features.3.2.conv.7.bias')).toEqual([128])
  })

  it('uses every parameter and buffer in some path', () => {
    const programs = [0, 1, 2].map((operation) => space.program(new Array(8).fill(operation)).instructions)
    const sorted = (names: Iterable<string>) => [...new Set(names)].sort()
    expect(sorted(programs.flat().flatMap(parametersOf))).toEqual(space.parameters().map(nameOf).sort())
    expect(sorted(programs.flat().flatMap(buffersOf))).toEqual(space.buffers().map(nameOf).sort())
  })

  it('is refused for options that describe none', () => {
    expect(() => nasBenchMacro({ channels: 0 })).toThrow(
      'Expected a positive whole number for channels of nasbench-macro but received 0',
    )
    expect(() => nasBenchMacro({ input: { channels: 1, height: 28, width: 28 } })).toThrow(
      'Expected multiples of 8 for height and width of nasbench-macro images but received 28×28',
    )
  })
})

function nameOf({ name }: { readonly name: string }): string {
  return name
}
