import { expect, test } from 'vitest'
import type { SearchSpace } from '../../../src/spaces/space.js'
import { importWeights } from '../../../src/weights/import-weights.js'
import {
  autodlShapes,
  autodlTinyShapes,
  cases,
  dartsAlone,
  dartsNetworkShapes,
  dartsShapes,
  digest,
  networkPath,
  orderOf,
  proxylessShapes,
  spaces,
  stateDict,
  timmShapes,
  torchvisionShapes,
} from '../../support/import-fixture.js'

const { nasbench201, nasbench201Affine, darts, dartsAffine, proxylessnas } = spaces

/** Every family: its names and shapes, the space, and whose names they are recognised as. */
const FAMILIES = [
  ['autodl', autodlShapes({ affine: false }), nasbench201, 'autodl'],
  ['autodlTiny', autodlTinyShapes(), nasbench201, 'autodl'],
  ['autodlTrained', autodlShapes({ affine: false }), nasbench201Affine, 'autodl'],
  ['autodlTinyTrained', autodlTinyShapes(), nasbench201Affine, 'autodl'],
  ['dartsSupernet', dartsShapes(), darts, 'darts'],
  ['dartsSupernetTrained', dartsShapes(), dartsAffine, 'darts'],
  ['dartsNetwork', dartsNetworkShapes(), dartsAlone, 'darts'],
  ['proxylessSupernet', proxylessShapes(), proxylessnas, 'proxylessnas'],
  ['proxylessNetwork', proxylessShapes(networkPath('proxylessNetwork')), proxylessnas, 'proxylessnas'],
  ['timm', timmShapes(networkPath('timm')), proxylessnas, 'timm'],
  ['torchvision', torchvisionShapes(networkPath('torchvision')), proxylessnas, 'torchvision'],
] as const

test.each(FAMILIES)('the names of %s are those of PyTorch', (name, shapes) => {
  expect(digest(shapes)).toBe(cases[name].digest)
})

test.each([
  ['autodlTinyTrained', nasbench201Affine],
  ['dartsSupernetTrained', dartsAffine],
] as const)('parameters of the space of %s are in the order of PyTorch', (name, space) => {
  expect(orderOf(space)).toBe(cases[name].order)
})

test.each(FAMILIES)('every tensor of %s has a counterpart of its own', (_name, shapes, space: SearchSpace, from) => {
  const tensors = stateDict(shapes, { identityNorms: space === nasbench201 || space === darts })
  const { weights, report } = importWeights(space, tensors)
  expect(report.from).toBe(from)
  const { matched, filled, passedOver, initial, missing, misfits, lost, left } = report
  expect({ missing, misfits, lost, left }).toEqual({ missing: [], misfits: [], lost: [], left: [] })
  expect(matched + passedOver.length).toBe(tensors.size)
  expect(weights.size).toBe(matched + filled.length)
  const all = [...space.parameters(), ...(space.buffers?.() ?? [])]
  expect(weights.size + initial.length).toBe(all.length)
  // No tensor is taken twice.
  const data = new Set([...weights.values()].map((tensor) => tensor.data))
  expect(data.size).toBe(weights.size)
})
