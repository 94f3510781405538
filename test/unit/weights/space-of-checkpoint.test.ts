import { describe, expect, it } from 'vitest'
import { RandomStream } from '../../../src/base/random.js'
import { type ConfigInput, parseConfig } from '../../../src/config/index.js'
import { spaceSettingNames } from '../../../src/config/spaces.js'
import { PathSampler } from '../../../src/sampling/paths.js'
import {
  createSpace,
  type Path,
  type SearchSpace,
  SPACES,
  type SpaceName,
  toldByWeights,
} from '../../../src/spaces/index.js'
import { supernetShapes } from '../../../src/weights/name-maps/index.js'
import { settingsOfCheckpoint, spaceOfCheckpoint } from '../../../src/weights/space-of-checkpoint.js'
import { subModelNames } from '../../../src/weights/sub-model.js'
import { autodlShapes, autodlTinyShapes, dartsShapes, networkPath, timmShapes } from '../../support/import-fixture.js'
import { tensorsOf } from '../../support/weights.js'

const INPUT = { channels: 2, height: 16, width: 24 }
const CLASSES = 3

/** Settings of two sizes of each space, neither the published one. */
const SIZES: Readonly<Record<SpaceName, readonly object[]>> = {
  nasbench201: [
    { channels: 2, cellsPerStage: 1 },
    { channels: 6, cellsPerStage: 3 },
  ],
  'nasbench1shot1-1': [
    { channels: 2, cellsPerStage: 1 },
    { channels: 6, cellsPerStage: 2 },
  ],
  'nasbench1shot1-2': [{ channels: 2, cellsPerStage: 1 }],
  'nasbench1shot1-3': [{ channels: 2, cellsPerStage: 1 }],
  darts: [
    { channels: 2, cells: 3 },
    { channels: 4, cells: 5 },
  ],
  proxylessnas: [
    { width: 0.25, layers: [2, 1, 1, 2, 1, 1] },
    { width: 1.4, layers: [1, 3, 1, 1, 2, 1] },
    { width: 0.35, layers: [1, 1, 1, 1, 1, 2] },
  ],
  'nasbench-macro': [{ channels: 4 }, { channels: 6 }],
}

/** Every value of the settings that are no size. */
const VARIANTS: Readonly<Record<string, readonly object[]>> = {
  sharing: [{ sharing: 'perOperation' }, { sharing: 'perCell' }],
  affine: [{ affine: false }, { affine: true }],
}

const instances = SPACES.flatMap((name) =>
  spaceSettingNames(name)
    .flatMap((setting) => (VARIANTS[setting] === undefined ? [] : [VARIANTS[setting]]))
    .reduce<object[]>(
      (all, values) => all.flatMap((one) => values.map((value) => ({ ...one, ...value }))),
      [...SIZES[name]],
    )
    .map((settings) => parseConfig({ space: { name, ...settings } as ConfigInput['space'] }).space),
)

/** Spaces 1 and 2 have the same weights. */
const given = ({ name }: { name: SpaceName }) => (/^nasbench1shot1-[12]$/.test(name) ? { name } : {})

const middle = (space: SearchSpace): Path =>
  space.choices.map((choice) => ('operations' in choice ? choice.operations.length : choice.connections) >> 1)

describe('the weights of a supernet', () => {
  it.each(instances)('tell all settings of its space: %j', async (settings) => {
    const space = createSpace(settings, INPUT, CLASSES)
    const weights = tensorsOf(space)
    expect((await settingsOfCheckpoint(weights, { given: given(settings) })).settings).toEqual(settings)
    const { height, width } = INPUT
    const { space: told, own } = await spaceOfCheckpoint(weights, {
      given: given(settings),
      images: { height, width },
    })
    expect(told.name).toBe(space.name)
    expect({ input: told.input, classes: told.classes, own: own.size }).toEqual({
      input: INPUT,
      classes: CLASSES,
      own: 0,
    })
    expect(told.parameters()).toEqual(space.parameters())
    expect(told.program(middle(space))).toEqual(space.program(middle(space)))
  })

  it.each(instances)(
    'tell as much if they are those of one path, but for what depends on others: %j',
    async (settings) => {
      const space = createSpace(settings, INPUT, CLASSES)
      const names = subModelNames(space, middle(space))
      const weights = new Map([...tensorsOf(space)].filter(([name]) => names.has(name)))
      const sources = { given: given(settings), source: 'one.pt' }
      const { layers, ...others } = settings as { layers?: unknown }
      if (layers === undefined) expect((await settingsOfCheckpoint(weights, sources)).settings).toEqual(settings)
      else {
        await expect(settingsOfCheckpoint(weights, sources)).rejects.toThrow(
          'Expected a setting of space.layers, which the weights in one.pt do not tell, but received none',
        )
        const told = await settingsOfCheckpoint(weights, { given: { layers } })
        expect(told.settings).toEqual({ ...others, layers })
      }
    },
  )
})

describe('the weights of any path', () => {
  it.each(instances)('tell nothing that is wrong: %j', (settings) => {
    const space = createSpace(settings, INPUT, CLASSES)
    const tensors = tensorsOf(space)
    const random = RandomStream.named(0, 'paths')
    const sampler = PathSampler.uniform(space.choices)
    const paths = [space.choices.map(() => 0), ...Array.from({ length: 10 }, () => sampler.draw(random))]
    for (const path of paths) {
      const names = subModelNames(space, path)
      const told = toldByWeights(settings.name, new Map([...tensors].filter(([name]) => names.has(name))))
      const known = Object.entries(told?.settings ?? {}).filter(([, value]) => value !== undefined)
      expect(settings, path.join()).toMatchObject(Object.fromEntries(known))
    }
  })
})

describe('the space of a checkpoint', () => {
  const space = createSpace(instances[0], INPUT, CLASSES)
  const weights = tensorsOf(space)
  const never = () => expect.unreachable()

  it('is what is given, before what the weights tell, before the run', async () => {
    const settings = async (sources: Parameters<typeof settingsOfCheckpoint>[1]) =>
      (await settingsOfCheckpoint(weights, sources)).settings
    expect(await settings({ given: { channels: 8 }, run: never })).toEqual({ ...instances[0], channels: 8 })
    const withoutConvolutions = subModelNames(space, [1, 1, 1, 1, 1, 1])
    const some = new Map([...weights].filter(([name]) => withoutConvolutions.has(name)))
    await expect(settingsOfCheckpoint(some)).rejects.toThrow(/setting of space\.sharing/)
    const run = async () => parseConfig({ space: { name: 'nasbench201', channels: 64, sharing: 'perCell' } })
    const told = await settingsOfCheckpoint(some, { run })
    expect(told.settings).toEqual({ ...instances[0], sharing: 'perCell' })
    const otherRun = async () => parseConfig({ space: { name: 'darts' } })
    await expect(settingsOfCheckpoint(some, { run: otherRun })).rejects.toThrow(/setting of space\.sharing/)
    expect((await settingsOfCheckpoint(some, { published: true })).settings).toEqual(instances[0])
  })

  it('is named by the run if the weights are of several spaces', async () => {
    const settings = parseConfig({ space: { name: 'nasbench1shot1-2', channels: 2, cellsPerStage: 1 } }).space
    const shared = tensorsOf(createSpace(settings, INPUT, CLASSES))
    await expect(settingsOfCheckpoint(shared, { source: 'a.pt' })).rejects.toThrow(
      'Expected nasbench1shot1-1 or nasbench1shot1-2 for space.name but received none, and a.pt has weights of nasbench1shot1-1 and nasbench1shot1-2',
    )
    const run = async () => parseConfig({ space: { name: 'nasbench1shot1-2' } })
    expect((await settingsOfCheckpoint(shared, { run })).settings).toEqual(settings)
  })

  it('is told by the names of other implementations, if these mean the same in every supernet', async () => {
    const settings = async (shapes: Map<string, readonly number[]>) => {
      const tensors = new Map([...shapes].map(([name, shape]) => [name, { shape }]))
      return (await settingsOfCheckpoint(supernetShapes(tensors))).settings
    }
    const autodl = { name: 'nasbench201', channels: 2, cellsPerStage: 1, sharing: 'perOperation', affine: true }
    expect(await settings(autodlShapes({ affine: false }))).toEqual(autodl)
    expect(await settings(autodlTinyShapes())).toEqual(autodl)
    expect(await settings(dartsShapes())).toEqual({ name: 'darts', channels: 2, cells: 3, affine: true })
    await expect(settings(timmShapes(networkPath('timm')))).rejects.toThrow(/the checkpoint has no weights$/)
  })

  it('is refused for weights of none', async () => {
    const other = new Map([...weights].map(([name, tensor]) => [`model.${name}`, tensor]))
    await expect(spaceOfCheckpoint(other)).rejects.toThrow(
      /^Expected nasbench201 or .* for space\.name but received none, and the/,
    )
    await expect(spaceOfCheckpoint(new Map())).rejects.toThrow(/the checkpoint has no weights$/)
    await expect(spaceOfCheckpoint(weights, { given: { name: 'darts' }, source: 'a.pt' })).rejects.toThrow(
      'Expected weights of darts in a.pt but received stem.0.weight, cells.0.edges.1<-0.2.op.1.weight, ',
    )
    await expect(spaceOfCheckpoint(weights, { given: { name: 'nasbench301' } })).rejects.toThrow(
      /for space\.name but received "nasbench301"/,
    )
  })

  it('is not a gigantic one because a name or a shape is damaged', async () => {
    const damaged = new Map([...weights].map(([name, tensor]) => [name.replace('cells.', 'cells.400000000'), tensor]))
    await expect(settingsOfCheckpoint(damaged)).rejects.toThrow(
      /for space\.name but received none, and the checkpoint has the weights/,
    )
    const flat = new Map([...weights, ['stem.0.weight', { shape: [], data: new Float32Array(1) }]])
    await expect(settingsOfCheckpoint(flat)).rejects.toThrow(/setting of space\.channels/)
  })
})
