import { mkdirSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test, vi } from 'vitest'
import { environment } from '../../../src/base/environment.js'
import { buildFolders, cacheRoot } from '../../../src/base/folders.js'
import { expandOnce, expandPath } from '../../../src/base/user-path.js'
import { temporaryFolder } from '../../support/folders.js'

afterEach(() => void vi.unstubAllEnvs())

test('~ and variables are replaced, everything else stays', () => {
  vi.stubEnv('HOME', '/home/ada')
  vi.stubEnv('DATA', '/data')
  vi.stubEnv('EMPTY', '')
  const cases = {
    '~': '/home/ada',
    '~/x y': '/home/ada/x y',
    'a/~/b~': 'a/~/b~',
    '$DATA/mnist': '/data/mnist',
    ['$' + '{DATA}s/$DATA']: '/datas//data',
    '$EMPTY/x': '/x',
    cost$5: 'cost$5',
    './größe (1)': './größe (1)',
  }
  for (const [written, path] of Object.entries(cases)) expect(expandPath(written, '--out')).toBe(path)
})

test('what was made of a path is not expanded again, because its own dollar is no variable', () => {
  vi.stubEnv('b', 'other')
  const inFolder = (path: string) => `/tmp/a$b/${path}`
  const made = expandOnce('$b/cifar', 'data.dir', inFolder)
  expect(made).toBe('/tmp/a$b/other/cifar')
  expect(expandOnce(made, 'data.dir', inFolder)).toBe(made)
  // Another process wrote it down.
  const folder = join(temporaryFolder(), 'c$b')
  expect(expandOnce(folder, 'data.dir', (path) => path)).toBe(folder.replace('$b', 'other'))
  mkdirSync(folder)
  expect(expandPath(folder, '--out')).toBe(folder)
  expect(expandOnce(folder, 'data.dir', (path) => path)).toBe(folder)
})

test('what cannot be replaced is refused', () => {
  expect(() => expandPath('$PADA_NOT_SET/x', 'data.dir')).toThrow(
    'Expected a variable that is set for data.dir but received $PADA_NOT_SET in "$PADA_NOT_SET/x"',
  )
  expect(() => expandPath('~ada/x', '--out')).toThrow(
    'Expected the path of the folder for --out but received "~ada/x", which only a shell expands',
  )
})

test('the cache lies where PADA_CACHE says, else XDG_CACHE_HOME, else below the home folder', () => {
  const env = { PADA_CACHE: '/a', XDG_CACHE_HOME: '/b' }
  expect(environment(env).cache).toBe('/a')
  expect(environment({ ...env, PADA_CACHE: '' }).cache).toBe('/b/pada-native')
  for (const ignored of ['', 'relative']) {
    expect(environment({ XDG_CACHE_HOME: ignored }).cache).toBe(`${homedir()}/.cache/pada-native`)
  }
})

test('without a home folder the build beside the package still counts, and the cache asks for PADA_CACHE', () => {
  // An empty HOME is what Node itself reports then.
  vi.stubEnv('HOME', '')
  vi.stubEnv('PADA_CACHE', '')
  vi.stubEnv('XDG_CACHE_HOME', '')
  expect(buildFolders('/package')).toEqual(['/package/build'])
  expect(cacheRoot).toThrow('Expected a home folder for the cache but this user has none: set PADA_CACHE to a folder')
})
