import { resolve } from 'node:path'
import { expect, it } from 'vitest'
import { loadWithoutImages } from '../../../src/cli/without-images.js'

const SMOKE = resolve('configs/nasbench201-smoke.yaml')

it.each([
  ["the paper's search", {}, resolve('cifar-10-batches-bin')],
  ['data in files', { file: SMOKE, set: ['data={format: cifar100}'] }, resolve('cifar-10-batches-bin')],
  ['a folder that is named', { set: ['data.dir=elsewhere'] }, resolve('elsewhere')],
  ['embedded data', { file: SMOKE }, undefined],
  ['embedded data by --set', { set: ['data={format: embedded}'] }, undefined],
])('the folder of %s', async (_what, sources, dir) => {
  expect((await loadWithoutImages(sources)).data.dir).toBe(dir)
})
