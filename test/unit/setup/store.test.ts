import { existsSync, mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { beforeEach, expect, test, vi } from 'vitest'
import type { Stamp } from '../../../src/setup/stamp.js'
import { keepAddon, storedAddon, takeAddon } from '../../../src/setup/store.js'
import { temporaryFolder, writeFiles } from '../../support/folders.js'

const STAMP: Stamp = {
  sources: 'abc',
  builder: 'cmake-js',
  libtorch: { root: '/torch', version: '2.15.0', cuda: false, origin: 'python' },
  library: '1 byte, 2026',
  asked: {},
}
const COMPILER = 'c++ 14.2.0'
const accept = async () => {}

let cache: string
beforeEach(() => {
  cache = temporaryFolder()
  vi.stubEnv('PADA_CACHE', cache)
  for (const name of ['CXXFLAGS', 'LDFLAGS']) vi.stubEnv(name, '')
  return () => vi.unstubAllEnvs()
})

test('what changes the result of a build changes the path, how libtorch was found does not', () => {
  const path = storedAddon(STAMP, COMPILER)
  const asked: Stamp = { ...STAMP, asked: { python: '/python' }, libtorch: { ...STAMP.libtorch, origin: 'LIBTORCH' } }
  expect(storedAddon(asked, COMPILER)).toBe(path)
  const others = [
    storedAddon({ ...STAMP, sources: 'abd' }, COMPILER),
    storedAddon({ ...STAMP, builder: 'node-gyp' }, COMPILER),
    storedAddon({ ...STAMP, library: '2 bytes, 2026' }, COMPILER),
    storedAddon({ ...STAMP, libtorch: { ...STAMP.libtorch, root: '/torch2' } }, COMPILER),
    storedAddon(STAMP, 'c++ 15.1.0'),
    storedAddon(STAMP, undefined),
  ]
  vi.stubEnv('CXXFLAGS', '-g')
  others.push(storedAddon(STAMP, COMPILER))
  expect(new Set([path, ...others]).size).toBe(others.length + 1)
})

test('an addon that was kept is taken, whole and where it is asked for', async () => {
  const folder = writeFiles(temporaryFolder(), { 'built.node': 'machine code' })
  const stored = storedAddon(STAMP, COMPILER)
  const addon = join(folder, 'build', 'Release', 'pada_native.node')
  expect(await takeAddon(stored, addon, accept)).toBe(false)
  await keepAddon(join(folder, 'built.node'), stored)
  expect(await takeAddon(stored, addon, accept)).toBe(true)
  expect(readFileSync(addon, 'utf8')).toBe('machine code')
  expect([...readdirSync(dirname(addon)), ...readdirSync(dirname(stored))]).toHaveLength(2)
})

test('one that does not load is not taken, and leaves nothing', async () => {
  const stored = storedAddon(STAMP, COMPILER)
  await keepAddon(join(writeFiles(temporaryFolder(), { 'built.node': 'cut sho' }), 'built.node'), stored)
  const addon = join(temporaryFolder(), 'pada_native.node')
  const probed = vi.fn(() => Promise.reject(new Error('file too short')))
  expect(await takeAddon(stored, addon, probed)).toBe(false)
  expect(probed).toHaveBeenCalledWith(addon)
  expect(existsSync(addon)).toBe(false)
})

test('the ten last used are kept', async () => {
  const built = join(writeFiles(temporaryFolder(), { 'built.node': '' }), 'built.node')
  const stored = (name: number) => join(cache, 'addons', `${name}.node`)
  mkdirSync(join(cache, 'addons'))
  for (let day = 0; day < 12; day++) {
    writeFileSync(stored(day), '')
    utimesSync(stored(day), day * 86_400, day * 86_400)
  }
  await takeAddon(stored(0), join(temporaryFolder(), 'pada_native.node'), accept)
  await keepAddon(built, stored(12))
  const left = readdirSync(join(cache, 'addons')).map((name) => Number.parseInt(name, 10))
  expect(left.sort((a, b) => a - b)).toEqual([0, 4, 5, 6, 7, 8, 9, 10, 11, 12])
})

test('a cache that cannot be written to costs nothing but the copy', async () => {
  writeFileSync(join(cache, 'addons'), 'a file where the folder should be')
  const built = join(writeFiles(temporaryFolder(), { 'built.node': '' }), 'built.node')
  await expect(keepAddon(built, storedAddon(STAMP, COMPILER))).resolves.toBeUndefined()
})
