import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import { buildAddon } from '../../../src/setup/build.js'
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
