import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import { buildAddon, toolVersion } from '../../../src/setup/build.js'
import { temporaryFolder } from '../../support/folders.js'

test('without network, node-gyp is not asked for headers that it would download', async () => {
  const root = temporaryFolder()
  const { execPath } = process
  process.execPath = join(root, 'bin', 'node')
  vi.stubEnv('PADA_OFFLINE', '1')
  vi.stubEnv('npm_config_nodedir', undefined)
  const built = buildAddon({ root, folder: join(root, 'build'), libtorch: '', builder: 'node-gyp' })
  const header = join(root, 'include', 'node', 'node_api.h')
  await expect(built).rejects.toThrow(`PADA_OFFLINE forbids to download Node's headers, and ${header} is missing`)
  process.execPath = execPath
  vi.unstubAllEnvs()
})

test('the version of a compiler whose command has arguments, or a space in its path', async () => {
  const folder = join(temporaryFolder(), 'a folder')
  mkdirSync(folder)
  const [cache, compiler] = ['cache', 'compiler'].map((name) => join(folder, name))
  writeFileSync(compiler, '#!/bin/sh\necho "compiler 1.0"\n', { mode: 0o755 })
  expect(await toolVersion(compiler)).toBe('compiler 1.0')
  expect(await toolVersion('sh -c true')).toBe('')
  expect(await toolVersion(`env ${process.execPath}`)).toBe(process.version)
  expect(await toolVersion(cache)).toBeUndefined()
})
