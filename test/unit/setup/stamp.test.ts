import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, test, vi } from 'vitest'
import { addonPath, buildFolders } from '../../../src/base/folders.js'
import type { Located } from '../../../src/setup/locate.js'
import {
  createStamp,
  currentBuild,
  hashSources,
  readStamp,
  type Stamp,
  staleness,
  writeStamp,
} from '../../../src/setup/stamp.js'
import { fakeLibtorch, temporaryFolder, writeFiles } from '../../support/folders.js'

beforeEach(() => {
  for (const name of ['LIBTORCH', 'PADA_PYTHON', 'CXXFLAGS', 'LDFLAGS']) vi.stubEnv(name, '')
  return () => vi.unstubAllEnvs()
})

function fakePackage(): string {
  return writeFiles(temporaryFolder(), {
    'CMakeLists.txt': 'project()',
    'binding.gyp': '{}',
    'native/addon.cc': 'int x;',
    'native/ops/conv.h': '#pragma once',
    'native/README.md': 'not compiled',
  })
}

function build(libtorch = fakeLibtorch()): { root: string; stamp: Stamp } {
  const root = fakePackage()
  const located: Located = { root: libtorch, version: '2.15.0', cuda: false, origin: 'python' }
  return { root, stamp: createStamp(root, 'cmake-js', located) }
}

describe.runIf(process.platform === 'linux')('staleness', () => {
  test('a build is fresh while nothing changed', () => {
    const { root, stamp } = build()
    expect(staleness(stamp, { root })).toBeUndefined()
    expect(staleness({ ...stamp, machine: undefined }, { root })).toBeUndefined()
    expect(staleness({ ...stamp, machine: 'darwin-arm64' }, { root })).toBe('it was built on darwin-arm64')
    expect(staleness(stamp, { root, variant: 'cpu', builder: 'cmake-js' })).toBeUndefined()
  })

  test('flags of the compiler count when they are set to others, not when they are no longer set', () => {
    vi.stubEnv('CXXFLAGS', '-O0')
    const { root, stamp } = build()
    expect(staleness(stamp, { root })).toBeUndefined()
    vi.stubEnv('CXXFLAGS', '-O3')
    expect(staleness(stamp, { root })).toBe('CXXFLAGS or LDFLAGS have other flags')
    expect(staleness({ ...stamp, flags: undefined }, { root })).toBeUndefined()
    vi.stubEnv('CXXFLAGS', '')
    expect(staleness(stamp, { root })).toBeUndefined()
  })

  test('changed, new and renamed sources are noticed, other files are not', () => {
    const { root, stamp } = build()
    writeFiles(root, { 'native/README.md': 'changed' })
    expect(staleness(stamp, { root })).toBeUndefined()
    writeFiles(root, { 'native/ops/conv.h': '#pragma once\nint y;' })
    expect(staleness(stamp, { root })).toBe('the native sources changed')
    const before = hashSources(root)
    writeFiles(root, { 'native/ops/pool.cc': '' })
    expect(hashSources(root)).not.toBe(before)
  })

  test('another libtorch in the same folder is noticed, and one that is gone', () => {
    const libtorch = fakeLibtorch()
    const { root, stamp } = build(libtorch)
    writeFileSync(join(libtorch, 'lib/libtorch_cpu.so'), 'another library')
    expect(staleness(stamp, { root })).toBe('its libtorch changed')
    rmSync(libtorch, { recursive: true })
    expect(staleness(stamp, { root })).toBe('its libtorch changed')
  })

  test('LIBTORCH counts when it is set to something else, not when it is no longer set', () => {
    vi.stubEnv('LIBTORCH', '/first')
    const { root, stamp } = build()
    expect(staleness(stamp, { root })).toBeUndefined()
    vi.stubEnv('LIBTORCH', '/second')
    expect(staleness(stamp, { root })).toBe('LIBTORCH names another libtorch')
    vi.stubEnv('LIBTORCH', '')
    expect(staleness(stamp, { root })).toBeUndefined()
    vi.stubEnv('PADA_PYTHON', '/venv/bin/python')
    expect(staleness(stamp, { root })).toBe('PADA_PYTHON names another Python')
  })

  test('a wish for CUDA or for another builder counts', () => {
    const { root, stamp } = build()
    expect(staleness(stamp, { root, variant: 'cuda' })).toBe('its libtorch has no torch_cuda')
    expect(staleness(stamp, { root, builder: 'node-gyp' })).toBe('node-gyp is asked for')
  })

  test('--cpu goes back from a download with CUDA, but not from the libtorch that the user named', () => {
    const { root, stamp } = build()
    const withCuda = (origin: Located['origin']) => ({ ...stamp, libtorch: { ...stamp.libtorch, cuda: true, origin } })
    expect(staleness(withCuda('cache'), { root, variant: 'cpu' })).toBe('its libtorch has CUDA')
    expect(staleness(withCuda('cache'), { root })).toBeUndefined()
    expect(staleness(withCuda('LIBTORCH'), { root, variant: 'cpu' })).toBeUndefined()
  })

  test('a library that the user may not look at is told from one that changed', () => {
    const libtorch = fakeLibtorch()
    const { root, stamp } = build(libtorch)
    // A file in the place of the folder is as unreadable as a closed folder, for root too.
    rmSync(libtorch, { recursive: true })
    writeFileSync(libtorch, '')
    expect(staleness(stamp, { root })).toMatch(/^this user may not read .*: set up with PADA_CACHE/)
  })
})

test.runIf(process.platform === 'linux')('of two builds the fresh one is current, wherever it is', () => {
  vi.stubEnv('PADA_CACHE', temporaryFolder())
  const { root, stamp } = build()
  const [own, cached] = buildFolders(root) as [string, string]
  const put = (folder: string, sources: string) => {
    writeFiles(folder, { 'Release/pada_native.node': '' })
    writeStamp(folder, { ...stamp, sources })
  }
  put(own, 'older')
  expect(currentBuild({ root })).toMatchObject({ addon: addonPath(own), stale: 'the native sources changed' })
  put(cached, stamp.sources)
  expect(currentBuild({ root })).toMatchObject({ addon: addonPath(cached), stale: undefined })
  put(own, stamp.sources)
  expect(currentBuild({ root })).toMatchObject({ addon: addonPath(own), stale: undefined })
})

test('a stamp counts only beside an addon, and only when it is whole', () => {
  const { stamp } = build()
  const folder = temporaryFolder()
  writeStamp(folder, stamp)
  expect(readStamp(folder)).toBeUndefined()
  writeFiles(folder, { 'Release/pada_native.node': '' })
  expect(readStamp(folder)).toEqual(stamp)
  writeFiles(folder, { 'pada_native.json': '{"sources":' })
  expect(readStamp(folder)).toBeUndefined()
})
