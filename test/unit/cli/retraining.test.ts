import { writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { expect, it } from 'vitest'
import { stringify } from 'yaml'
import { packageRoot } from '../../../src/base/folders.js'
import { chooseRetraining } from '../../../src/cli/retraining.js'
import { type ConfigInput, parseConfig } from '../../../src/config/index.js'
import { temporaryFolder } from '../../support/folders.js'

const RECIPE = join(packageRoot, 'configs', 'retrain-smoke.yaml')
const PATH = '|nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_3x3~1|+|skip_connect~0|nor_conv_3x3~1|nor_conv_3x3~2|'

/** The settings of a retraining from a run on these data, with assignments. */
async function chosen(data: ConfigInput['data'], ...set: string[]) {
  const run = temporaryFolder()
  writeFileSync(join(run, 'config.yaml'), stringify(parseConfig({ data })))
  const { config } = await chooseRetraining({ from: run, path: PATH, inherit: false, set })
  return config
}

it('keeps the data of the run, unless others are named, for which nothing of them holds', async () => {
  const embedded = { format: 'embedded', padTo: 32, downsample: 2 } as const
  expect((await chosen(embedded)).data).toEqual(embedded)
  expect((await chosen(embedded, 'data.trainCount=9')).data).toEqual({ ...embedded, trainCount: 9 })
  expect((await chosen(embedded, 'data.format=cifar10', 'data.dir=x')).data).toEqual({
    format: 'cifar10',
    dir: resolve('x'),
  })
  const folder = (await chosen(embedded, 'data={format: folder, dir: x, size: 16}')).data
  expect(folder).toEqual({ format: 'folder', dir: resolve('x'), size: 16 })
  const cifar = { format: 'cifar10', dir: resolve('c'), padTo: 40 } as const
  expect((await chosen(cifar, 'data.format=cifar100', 'data.dir=x')).data).not.toHaveProperty('padTo')
  expect((await chosen(cifar, 'data.dir=x')).data).toMatchObject({ padTo: 40, dir: resolve('x') })
})

it('says whose images are taken, if a recipe names others than the run has', async () => {
  const run = temporaryFolder()
  writeFileSync(join(run, 'config.yaml'), stringify(parseConfig({})))
  const notes = async (...set: string[]) =>
    (await chooseRetraining({ from: run, config: RECIPE, path: PATH, inherit: false, set })).notes
  expect((await notes())?.[0]).toMatch(/^images: those that the recipe .*retrain-smoke.* names, not those of /)
  expect(await notes('data.format=cifar10', 'data.dir=x')).toEqual([])
})

it('crops images of ImageNet16-120 as NAS-Bench-201 does', async () => {
  const padding = async (...args: Parameters<typeof chosen>) =>
    (await chosen(...args)).training.augmentation.map((one) => ('padding' in one ? one.padding : one.kind))
  const small = { format: 'imagenet16-120', dir: resolve('i') } as const
  expect(await padding(small)).toEqual(['flip', 2])
  expect(await padding(small, 'data.format=cifar10', 'data.dir=x')).toEqual(['flip', 4])
  expect(await padding({ format: 'cifar10', dir: resolve('c') })).toEqual(['flip', 4])
})

it('refuses a setting that would take the place of the architecture that was named', async () => {
  const run = temporaryFolder()
  const refused = (set: string, more: { from?: string; path?: string }) =>
    chooseRetraining({ config: RECIPE, inherit: false, set: [set], ...more })
  await expect(refused('network.path=0,0,0,0,0,0', { from: run })).rejects.toThrow(
    `Expected no network.path beside --from ${run}; --path names another architecture, for --set but received network.path=0,0,0,0,0,0`,
  )
  await expect(refused('network={path: x}', { path: PATH })).rejects.toThrow(
    /^Expected no network\.path beside --path, for --set/,
  )
})
