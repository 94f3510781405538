import { join } from 'node:path'
import { expect, it } from 'vitest'
import { prepareBenchmark } from '../../../src/benchmark/job.js'
import { parseConfig } from '../../../src/config/index.js'
import { temporaryFolder } from '../../support/folders.js'

/** A path to nowhere. */
const absent = () => join(temporaryFolder(), 'absent')

it('generates images of the shape that the settings ask for where there is no data', async () => {
  const small = parseConfig({ data: { format: 'idx', dir: absent(), padTo: 32, downsample: 4 } })
  const job = await prepareBenchmark(small, 5)
  expect(job.generated).toBe(true)
  expect(job.space.input).toEqual({ channels: 1, height: 8, width: 8 })
  expect(job.splits.train).toMatchObject({ images: { length: 5 * 64 } })
  expect(job.splits.test.labels).toHaveLength(5)

  const cifar = await prepareBenchmark(parseConfig({ data: { format: 'cifar10', dir: absent() } }), 2)
  expect(cifar.space.input).toEqual({ channels: 3, height: 32, width: 32 })
  expect(cifar.splits.train.mean).toHaveLength(3)
})

it('takes the images that are there', async () => {
  const job = await prepareBenchmark(parseConfig({ data: { trainCount: 8, testCount: 8, padTo: 32 } }), 2)
  expect(job.generated).toBe(false)
  expect(job.splits.train.labels).toHaveLength(8)
})

it('stops in the middle of generating images when aborted', async () => {
  const controller = new AbortController()
  const imageNet = parseConfig({ data: { format: 'folder', dir: absent(), size: 224 } })
  setImmediate(() => controller.abort(new Error('enough')))
  // More images than fit into memory in a test: only an early end lets it pass.
  await expect(prepareBenchmark(imageNet, 2_000, { signal: controller.signal })).rejects.toThrow('enough')
})
