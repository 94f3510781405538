import { chmodSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { fetchJpegLibrary, jpegLibraries } from '../../../src/setup/jpeg-library.js'
import { PILLOW_VERSION, PILLOWS } from '../../../src/setup/wheels.js'
import { temporaryFolder } from '../../support/folders.js'
import { storedZip } from '../../support/stored-zip.js'

afterEach(() => vi.unstubAllEnvs())

const WHEEL = {
  'PIL/Image.py': 'pass',
  'pillow.libs/libjpeg-6dc8d115.so.62.4.0': 'the library',
  'pillow.libs/libtiff-20b7e810.so.6.2.0': 'another library',
  'pillow-13.0.0.dist-info/licenses/LICENSE': 'the licences',
}

/** A cache folder, and a Python whose pip copies a wheel in place of a download, and notes its requirements. */
function machine(files: Readonly<Record<string, string>> | undefined) {
  const folder = temporaryFolder()
  const [python, wheel, noted] = ['python3', 'one.whl', 'noted.txt'].map((name) => join(folder, name))
  if (files !== undefined) writeFileSync(wheel, storedZip(files))
  writeFileSync(
    python,
    `#!${process.execPath}
const fs = require('node:fs')
const { argv } = process
if (argv.includes('--version')) return console.log('pip 26.0 from here')
const after = (name) => argv[argv.indexOf(name) + 1]
fs.appendFileSync(${JSON.stringify(noted)}, fs.readFileSync(after('--requirement')))
fs.copyFileSync(${JSON.stringify(wheel)}, after('--dest') + '/pillow.whl')
`,
  )
  chmodSync(python, 0o755)
  const cache = join(folder, 'cache')
  vi.stubEnv('PADA_PYTHON', python)
  vi.stubEnv('PADA_CACHE', cache)
  vi.stubEnv('PADA_OFFLINE', '')
  return { cache, noted }
}

const fetched = () => fetchJpegLibrary(() => {})

describe.runIf(process.platform === 'linux' && process.arch in PILLOWS)('libjpeg-turbo', () => {
  test('is taken from the pinned wheel, with the licences, once', async () => {
    const { cache, noted } = machine(WHEEL)
    expect(await fetched()).toBeUndefined()
    const [library, ofSystem] = jpegLibraries()
    expect(readFileSync(library, 'utf8')).toBe('the library')
    expect(ofSystem).toBe('libjpeg.so.62')
    expect(readdirSync(cache)).toHaveLength(1)
    expect(readdirSync(join(library, '..')).toSorted()).toEqual(['LICENSE', 'libjpeg.so.62'])
    expect(await fetched()).toBeUndefined()
    const requirement = `pillow==${PILLOW_VERSION} --hash=sha256:${PILLOWS[process.arch]}\n`
    expect(readFileSync(noted, 'utf8')).toBe(requirement)
    // If someone has removed the library from the cache, it is fetched again.
    rmSync(library)
    expect(await fetched()).toBeUndefined()
    expect(readFileSync(library, 'utf8')).toBe('the library')
    expect(readFileSync(noted, 'utf8')).toBe(requirement + requirement)
  })

  test.each([
    ['without network', WHEEL, '1', 'PADA_OFFLINE forbids the network'],
    ['if pip fails', undefined, '', ' failed (1)'],
    ['if the wheel has none', { 'PIL/Image.py': 'pass' }, '', 'pillow.whl has no libjpeg'],
  ])('is absent %s, which is no error', async (_, files, offline, reason) => {
    const { cache } = machine(files)
    vi.stubEnv('PADA_OFFLINE', offline)
    expect(await fetched()).toContain(reason)
    expect(existsSync(jpegLibraries()[0])).toBe(false)
    expect(existsSync(cache) ? readdirSync(cache) : []).toEqual([])
  })

  test('an abort is one', async () => {
    machine(WHEEL)
    const signal = AbortSignal.abort(new Error('stopped'))
    await expect(fetchJpegLibrary(() => {}, signal)).rejects.toThrow('stopped')
  })
})
