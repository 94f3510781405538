import { expect, test } from 'vitest'
import type { Tensor } from '../../../src/formats/safetensors.js'
import {
  DARTS_V1,
  dartsNetwork,
  decodeGenotype,
  encodeGenotype,
  proxylessNas,
  type SearchSpace,
} from '../../../src/spaces/index.js'
import { importWeights } from '../../../src/weights/import-weights.js'
import { NAME_MAP_NAMES } from '../../../src/weights/name-maps/index.js'
import { subModelWeights } from '../../../src/weights/sub-model.js'
import {
  autodlShapes,
  autodlTinyShapes,
  cases,
  dartsNetworkShapes,
  dartsShapes,
  networkPath,
  proxylessShapes,
  spaces,
  stateDict,
  timmShapes,
  torchvisionShapes,
} from '../../support/import-fixture.js'
import { tensorsOf } from '../../support/weights.js'

const { nasbench201, nasbench201Affine, darts, proxylessnas } = spaces
const autodl = () => stateDict(autodlShapes({ affine: false }), { identityNorms: true })
const ours = (space: SearchSpace) =>
  stateDict(new Map([...space.parameters(), ...(space.buffers?.() ?? [])].map(({ name, shape }) => [name, shape])))
const timmPath = networkPath('timm')
const torchvisionPath = networkPath('torchvision')

function change(tensors: Map<string, Tensor>, name: string, tensor?: Partial<Tensor>): Map<string, Tensor> {
  const current = tensors.get(name)
  if (tensor === undefined) tensors.delete(name)
  else tensors.set(name, { shape: current?.shape ?? [1], data: current?.data ?? new Float32Array(1), ...tensor })
  return tensors
}

test('names of ours are taken as they are', () => {
  const tensors = ours(nasbench201)
  const { weights, report } = importWeights(nasbench201, tensors)
  expect(weights).toEqual(tensors)
  expect(report).toMatchObject({ from: 'pada-native', matched: tensors.size, filled: [], initial: [], passedOver: [] })
})

test('weights of a training that diverged are refused', () => {
  const tensors = ours(nasbench201)
  tensors.get('classifier.bias')!.data.fill(Number.NaN as never)
  expect(() => importWeights(nasbench201, tensors, { source: 'w.pt' })).toThrow(
    'Expected finite numbers for classifier.bias in w.pt but received NaN',
  )
})

test('an account is given of what is made up and of what is passed over', () => {
  const { weights, report } = importWeights(nasbench201, autodl())
  // Two convolutions of two residual blocks.
  const biases = ['cells.1.conv_a', 'cells.1.conv_b', 'cells.3.conv_a', 'cells.3.conv_b']
  expect(report.filled.map(({ name }) => name)).toEqual(biases.map((name) => `${name}.op.1.bias`))
  for (const { name } of report.filled) expect(weights.get(name)!.data.every((value) => value === 0)).toBe(true)
  const reasons = new Map(report.passedOver.map(({ name, reason }) => [name, reason]))
  expect(reasons.get('_stem.1.weight')).toBe('a scale of 1')
  expect(reasons.get('_cells.1.conv_a.op.2.bias')).toBe('a shift of 0')
  expect(reasons.get('lastact.0.running_mean')).toMatch(/running statistics/)
  expect(reasons.get('_stem.1.num_batches_tracked')).toBe('a count of batches')
  expect(reasons.get('arch_parameters')).toBe('architecture parameters')
})

test('a generic model of AutoDL-Projects without parameters in the head gets ones and zeros there', () => {
  const { weights, report } = importWeights(nasbench201Affine, stateDict(autodlShapes({ affine: false })))
  expect(report.filled).toEqual([
    { name: 'lastact.0.weight', reason: 'ones: the batch norm has no scale in the checkpoint' },
    { name: 'lastact.0.bias', reason: 'zeros: the batch norm has no shift in the checkpoint' },
  ])
  expect(weights.get('lastact.0.weight')!.data).toEqual(new Float32Array(8).fill(1))
  expect(weights.get('lastact.0.bias')!.data).toEqual(new Float32Array(8))
  // Running statistics of norms that have a place are passed over all the same.
  const passedOver = report.passedOver.map(({ name }) => name)
  expect(passedOver).toContain('_stem.1.running_mean')
  expect(passedOver).toContain('_cells.1.conv_a.op.2.running_var')
})

test.each<[string, SearchSpace, () => Map<string, Tensor>, object, string]>([
  [
    'a scale that is not 1',
    nasbench201,
    () => change(autodl(), '_stem.1.weight', { data: Float32Array.of(1, 1.5) }),
    {},
    'Expected the 85 tensors of nasbench201 in the checkpoint but received, by the names of autodl, 1 without a place in the norms of nasbench201, which space.affine=true takes: _stem.1.weight',
  ],
  [
    'a trained norm of DARTS',
    darts,
    () => stateDict(dartsShapes()),
    {},
    'Expected the 546 tensors of darts in the checkpoint but received, by the names of darts, 2 without a place in the norms of darts, which space.affine=true takes: stem.1.weight, stem.1.bias',
  ],
  [
    'norms of candidates with scales, which nothing takes',
    nasbench201,
    () => change(autodl(), '_cells.0.edges.1<-0.2.op.2.weight', { shape: [2], data: Float32Array.of(1, 1.5) }),
    {},
    'Expected the 85 tensors of nasbench201 in the checkpoint but received, by the names of autodl, 1 without a place in the norms of nasbench201: _cells.0.edges.1<-0.2.op.2.weight',
  ],
  [
    'a head without the parameters that a TinyNetwork has',
    nasbench201Affine,
    () => change(stateDict(autodlTinyShapes()), 'lastact.0.weight'),
    {},
    'Expected the 93 tensors of nasbench201 in the checkpoint but received, by the names of autodl, 1 missing: lastact.0.weight',
  ],
  [
    'a missing weight, whose bias is not made up either',
    nasbench201,
    () => change(autodl(), '_cells.1.conv_a.op.1.weight'),
    {},
    'Expected the 85 tensors of nasbench201 in the checkpoint but received, by the names of autodl, 2 missing: cells.1.conv_a.op.1.weight, cells.1.conv_a.op.1.bias',
  ],
  [
    'a missing bias of a convolution that may have one',
    nasbench201,
    () => change(ours(nasbench201), 'cells.1.conv_a.op.1.bias'),
    {},
    'Expected the 85 tensors of nasbench201 in the checkpoint but received, by the names of pada-native, 1 missing: cells.1.conv_a.op.1.bias',
  ],
  [
    'another width',
    nasbench201,
    () => change(ours(nasbench201), 'stem.0.weight', { shape: [2, 1, 3, 3] }),
    {},
    'Expected the 85 tensors of nasbench201 in the checkpoint but received, by the names of pada-native, 1 of another shape: stem.0.weight of 2×1×3×3 instead of 2×3×3×3',
  ],
  [
    'integers',
    nasbench201,
    () => change(ours(nasbench201), 'classifier.bias', { data: Int32Array.of(1, 2, 3) }),
    {},
    'Expected the 85 tensors of nasbench201 in the checkpoint but received, by the names of pada-native, 1 of another shape: classifier.bias of integers',
  ],
  [
    'a tensor of something else',
    nasbench201,
    () => change(ours(nasbench201), 'teacher.weight', {}),
    {},
    'Expected the 85 tensors of nasbench201 in the checkpoint but received, by the names of pada-native, 1 left over: teacher.weight',
  ],
  [
    'two tensors of one name',
    nasbench201,
    () => change(autodl(), 'stem.0.weight', {}),
    { source: 'a.pt' },
    'Expected one tensor for stem.0.weight in a.pt but received two',
  ],
  [
    'names of nobody, strict or not',
    nasbench201,
    () => change(new Map(), 'teacher.weight', {}),
    { strict: false, source: 'a.pt' },
    `Expected names of ${NAME_MAP_NAMES.join(', ')} in a.pt but received teacher.weight, with the prefixes teacher. (1 of 1 names)`,
  ],
  [
    'nothing of the right shape, strict or not',
    nasbench201,
    () => change(new Map(), 'classifier.bias', { shape: [1] }),
    { strict: false },
    'Expected the 85 tensors of nasbench201 in the checkpoint but received, by the names of pada-native, 84 missing: stem.0.weight, cells.0.edges.1<-0.2.op.1.weight, cells.0.edges.1<-0.2.op.1.bias, …; 1 of another shape: classifier.bias of 1 instead of 3',
  ],
  [
    'names of another space',
    nasbench201,
    () => stateDict(dartsShapes()),
    {},
    'Expected weights of nasbench201 in the checkpoint but received those of darts, which are of darts',
  ],
  [
    'an unknown implementation',
    nasbench201,
    () => ours(nasbench201),
    { from: 'keras' },
    `Expected ${NAME_MAP_NAMES.join(', ')} for from but received "keras"`,
  ],
  [
    'a path outside of the space',
    nasbench201,
    () => ours(nasbench201),
    { path: [9, 0, 0, 0, 0, 0] },
    'Expected 0…4 for 1<-0 in a path of nasbench201 but received 9 in 9,0,0,0,0,0',
  ],
  [
    'one network of DARTS for a supernet, without a genotype',
    darts,
    () => stateDict(dartsNetworkShapes()),
    {},
    'Expected a path for the weights of one network of darts but received none',
  ],
  [
    'another path than the shapes tell',
    proxylessnas,
    () => stateDict(timmShapes(timmPath)),
    { path: 'k3e6|k5e6|id|k7e3|id|k5e3|k7e6|k3e6|k5e6' },
    'Expected k3e3|k5e6|id|k7e3|id|k5e3|k7e6|k3e6|k5e6, which the shapes of the checkpoint tell, but received k3e6|k5e6|id|k7e3|id|k5e3|k7e6|k3e6|k5e6',
  ],
  [
    'a layer that cannot be left out',
    proxylessnas,
    () => new Map([...stateDict(timmShapes(timmPath))].filter(([name]) => !name.startsWith('blocks.2.'))),
    {},
    'Expected k3e3, k3e6, k5e3, k5e6, k7e3, k7e6 for layer 4 of proxylessnas but received no block',
  ],
  [
    'a block that is no candidate',
    proxylessnas,
    () => change(stateDict(timmShapes(timmPath)), 'blocks.2.0.conv_dw.weight', { shape: [72, 1, 9, 9] }),
    {},
    'Expected k3e3, k3e6, k5e3, k5e6, k7e3, k7e6 for layer 4 of proxylessnas but received k9e3 in block 2.0',
  ],
  [
    'a block without one of its convolutions',
    proxylessnas,
    () => change(stateDict(timmShapes(timmPath)), 'blocks.2.0.conv_dw.weight'),
    {},
    'Expected three convolutions for block 2.0 of the checkpoint but received 2',
  ],
  [
    'a stage of another width',
    proxylessnas,
    () => change(stateDict(torchvisionShapes(torchvisionPath)), 'features.4.conv.2.weight', { shape: [48, 48, 1, 1] }),
    {},
    'Expected 24 channels for block 4 of the checkpoint but received 48',
  ],
  [
    'a path with another number of blocks',
    proxylessnas,
    () => stateDict(torchvisionShapes(torchvisionPath)),
    { path: 'k3e3|k3e6|k3e3|k3e3|id|k3e6|k3e3|k3e6|k3e6' },
    'Expected 8 blocks for k3e3|k3e6|k3e3|k3e3|id|k3e6|k3e3|k3e6|k3e6 but received 7',
  ],
])('%s is refused', (_what, space, tensors, options, sentence) => {
  expect(() => importWeights(space, tensors(), options)).toThrow(expect.objectContaining({ message: sentence }))
})

test('without strictness what fits is taken, and the rest is named', () => {
  const tensors = change(autodl(), '_stem.1.weight', { data: Float32Array.of(1, 1.5) })
  change(tensors, '_cells.0.edges.1<-0.3.op.1.weight', { shape: [1] })
  change(tensors, 'classifier.bias')
  change(tensors, 'teacher.weight', {})
  const { weights, report } = importWeights(nasbench201, tensors, { strict: false })
  expect(report).toMatchObject({
    initial: ['cells.0.edges.1<-0.3.op.1.weight', 'classifier.bias'],
    missing: ['classifier.bias'],
    misfits: ['cells.0.edges.1<-0.3.op.1.weight of 1 instead of 2×2×3×3'],
    lost: ['_stem.1.weight'],
    left: ['teacher.weight'],
  })
  expect(weights.size).toBe(nasbench201.parameters().length - 2)
})

test('a sub-model of ours needs only its own tensors', () => {
  const path = [3, 0, 2, 1, 4, 3]
  const all = ours(nasbench201)
  const part = subModelWeights(nasbench201, path, all)
  const { weights, report } = importWeights(nasbench201, part, { path })
  expect(weights).toEqual(part)
  expect(report.arch).toBe(nasbench201.encode(path))
  expect(report.initial).toHaveLength(all.size - part.size)
  // Of a whole supernet all the same is taken, whatever path is asked for.
  expect(importWeights(nasbench201, autodl(), { path }).report).toMatchObject({ arch: report.arch, initial: [] })
  part.delete('cells.0.edges.1<-0.3.op.1.weight')
  expect(() => importWeights(nasbench201, part, { path })).toThrow('1 missing: cells.0.edges.1<-0.3.op.1.weight')
})

test('paths of ProxylessNAS are told from the shapes, whatever the order of the names', () => {
  const sorted = (tensors: Map<string, Tensor>) => new Map([...tensors].sort(([a], [b]) => (a < b ? -1 : 1)))
  const fullPath = networkPath('proxylessNetwork')
  for (const [shapes, path] of [
    [timmShapes(timmPath), timmPath],
    [torchvisionShapes(torchvisionPath), torchvisionPath],
    [proxylessShapes(fullPath), fullPath],
  ] as const) {
    const { report } = importWeights(proxylessnas, sorted(stateDict(shapes)))
    expect(report.arch).toBe(proxylessnas.encode(path))
  }
})

test('blocks of torchvision in equally wide stages are told by a path, or by their number', () => {
  // 24 and 40 channels both become 8.
  const options = { width: 0.2, classes: 3, input: { channels: 3, height: 32, width: 32 } }
  const narrow = proxylessNas({ ...options, layers: [2, 2, 1, 1, 1, 1] })
  const full = narrow.decode('k3e3|k3e6|k3e3|k3e3|k3e3|k3e6|k3e3|k3e6')
  const short = narrow.decode('k3e3|id|k3e3|k3e3|k3e3|k3e6|k3e3|k3e6')
  const tensors = (path: readonly number[]) => stateDict(torchvisionShapes(path, narrow))
  expect(importWeights(narrow, tensors(full)).report.arch).toBe(narrow.encode(full))
  expect(importWeights(narrow, tensors(short), { path: short }).report.arch).toBe(narrow.encode(short))
  expect(() => importWeights(narrow, tensors(short))).toThrow(
    'Expected a path, because the blocks of stages 1 to 2, which are equally wide, cannot be told apart, but received none',
  )
})

test('a genotype says whose weights are whose by the order in which it was written', () => {
  const genotype = cases.dartsNetwork.paths[0].path as string
  const tensors = stateDict(dartsNetworkShapes())
  // Operation 4, a separable convolution, of the edges from nodes 0 and 1 to the first node.
  const taken = (path: string | readonly number[], edge: number) =>
    importWeights(darts, tensors, { path, strict: false }).weights.get(`cells.0._ops.${edge}._ops.4.op.1.weight`)?.data
  const { normal, reduce } = decodeGenotype(genotype)
  // Its first node reads node 1 first; the path puts node 0 first.
  expect(normal[0][1]).toBe(1)
  expect(reduce).toHaveLength(8)
  const path = darts.decode(genotype)
  expect(importWeights(darts, tensors, { path: genotype, strict: false }).report.missing).toEqual([])
  expect(importWeights(darts, tensors, { path, strict: false }).report.missing).not.toEqual([])
  expect(taken(genotype, 1)).toEqual(tensors.get('cells.0._ops.0.op.1.weight')!.data)
  expect(taken(path, 1)).not.toEqual(taken(genotype, 1))
})

test('a published genotype may be given by its name', () => {
  const options = { channels: 2, cells: 3, input: { channels: 3, height: 32, width: 32 }, classes: 3 }
  const tensors = tensorsOf(dartsNetwork(DARTS_V1, options))
  const taken = (path: string) =>
    [0, 1].map(
      (edge) =>
        importWeights(darts, tensors, { path, strict: false }).weights.get(`cells.0._ops.${edge}._ops.4.op.1.weight`)
          ?.data,
    )
  // Its first node reads node 1 first, by a separable convolution as from node 0.
  expect(DARTS_V1.normal.slice(0, 2)).toEqual([
    ['sep_conv_3x3', 1],
    ['sep_conv_3x3', 0],
  ])
  const [first, second] = ['0', '1'].map((place) => tensors.get(`cells.0._ops.${place}.op.1.weight`)!.data)
  expect(taken('DARTS_V1')).toEqual([second, first])
  expect(taken(encodeGenotype(DARTS_V1))).toEqual([second, first])
})

test('a network of DARTS is taken by the network of its genotype, without its auxiliary head if there is none', () => {
  const genotype = decodeGenotype(cases.dartsNetwork.paths[0].path as string)
  const options = { channels: 2, cells: 3, input: { channels: 3, height: 32, width: 32 }, classes: 3 }
  const { report } = importWeights(dartsNetwork(genotype, options), stateDict(dartsNetworkShapes()))
  const auxiliary = report.passedOver.filter(({ reason }) => reason === 'an auxiliary head, which only training uses')
  // Two convolutions, two norms and a classifier; counters are counted apart.
  expect(auxiliary).toHaveLength(2 + 2 * 4 + 2)
})
