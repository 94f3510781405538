import { describe, expect, test } from 'vitest'
import type { Tensor } from '../../src/formats/safetensors.js'
import { infer } from '../../src/search/inference.js'
import { parsePath } from '../../src/spaces/path.js'
import type { Path, SearchSpace } from '../../src/spaces/space.js'
import { importWeights } from '../../src/weights/import-weights.js'
import {
  autodlShapes,
  autodlTinyShapes,
  cases,
  dartsAlone,
  dartsNetworkShapes,
  dartsShapes,
  dartsWithoutAuxiliary,
  fixtureImages,
  networkPath,
  proxylessShapes,
  spaces,
  stateDict,
  timmShapes,
  torchvisionShapes,
} from '../support/import-fixture.js'

const { nasbench201, nasbench201Affine, darts, dartsAffine, proxylessnas } = spaces
const genotype = cases.dartsNetworkInSupernet.paths[0].path as string

/** Logits of float32 differ from PyTorch's in float64 by rounding in some twenty layers: 1e-5 of the largest. */
const TOLERANCE = 1e-5

async function expectLogits(space: SearchSpace, weights: ReadonlyMap<string, Tensor>, name: keyof typeof cases) {
  const { size, paths } = cases[name]
  const images = fixtureImages(size)
  // Tensors that no path uses may be anything.
  const all = new Map<string, Tensor>()
  for (const { name, shape } of [...space.parameters(), ...(space.buffers?.() ?? [])]) {
    const length = shape.reduce((product, extent) => product * extent, 1)
    all.set(name, weights.get(name) ?? { shape, data: new Float32Array(length).fill(Number.NaN) })
  }
  const found = await infer({
    space,
    weights: all,
    images,
    paths: paths.map(({ path }) => (typeof path === 'string' ? parsePath(space, path) : path)),
  })
  for (const [i, { logits }] of paths.entries()) {
    const scale = Math.max(...logits.map(Math.abs))
    const error = Math.max(...logits.map((logit, j) => Math.abs(logit - found[i][j]) / scale))
    expect(error).toBeLessThan(TOLERANCE)
  }
}

describe('imported weights give the logits of PyTorch', () => {
  test.each([
    ['autodl', autodlShapes({ affine: false }), nasbench201],
    ['autodlTiny', autodlTinyShapes(), nasbench201],
    ['autodlTrained', autodlShapes({ affine: false }), nasbench201Affine],
    ['autodlTinyTrained', autodlTinyShapes(), nasbench201Affine],
    ['dartsSupernet', dartsShapes(), darts],
    ['dartsSupernetTrained', dartsShapes(), dartsAffine],
    ['dartsNetwork', dartsNetworkShapes(), dartsAlone],
    ['dartsNetwork', dartsNetworkShapes(), dartsWithoutAuxiliary],
    ['proxylessSupernet', proxylessShapes(), proxylessnas],
    ['proxylessNetwork', proxylessShapes(networkPath('proxylessNetwork')), proxylessnas],
    ['timm', timmShapes(networkPath('timm')), proxylessnas],
    ['torchvision', torchvisionShapes(networkPath('torchvision')), proxylessnas],
  ] as const)('%s', async (name, shapes, space) => {
    const tensors = stateDict(shapes, { identityNorms: space === nasbench201 || space === darts })
    await expectLogits(space, importWeights(space, tensors).weights, name)
  })

  test('trained norms where dead edges and cells that no signal passes are computed too', async () => {
    const { weights } = importWeights(nasbench201Affine, stateDict(autodlTinyShapes()))
    const program = (path: Path) => nasbench201Affine.published(path).program
    await expectLogits({ ...nasbench201Affine, program }, weights, 'autodlTinyTrained')
  })

  test('a network of DARTS in a supernet, but for its norms', async () => {
    const tensors = stateDict(dartsNetworkShapes())
    const { weights, report } = importWeights(darts, tensors, { path: genotype, strict: false })
    expect({ missing: report.missing, left: report.left }).toEqual({ missing: [], left: [] })
    await expectLogits(darts, weights, 'dartsNetworkInSupernet')
  })
})
