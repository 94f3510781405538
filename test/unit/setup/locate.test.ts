import { beforeEach, expect, test, vi } from 'vitest'
import { UserError } from '../../../src/base/errors.js'
import type { Libtorch } from '../../../src/setup/libtorch.js'
import { explain, locateLibtorch, type Places } from '../../../src/setup/locate.js'

beforeEach(() => {
  for (const name of ['LIBTORCH', 'PADA_PYTHON', 'PADA_OFFLINE']) vi.stubEnv(name, '')
  vi.stubEnv('PADA_CACHE', '/cache')
  return () => vi.unstubAllEnvs()
})

/** A machine on which exactly the given folders are good libtorches. */
function machine(good: readonly string[], options: { cuda?: readonly string[]; gpu?: boolean; python?: string } = {}) {
  const tried: string[] = []
  const places: Places = {
    async probe(folder): Promise<Libtorch> {
      tried.push(folder)
      if (!good.includes(folder)) throw new Error(`${folder} is bad`)
      return { root: folder, version: '2.15.0', cuda: options.cuda?.includes(folder) ?? false }
    },
    async pythonTorch() {
      if (options.python === undefined) throw new Error('python3 has no torch')
      return options.python
    },
    async download(variant) {
      tried.push(`download ${variant}`)
      return places.probe(`downloaded-${variant}`)
    },
    hasGpu: () => options.gpu ?? false,
  }
  return { places, tried }
}
const log = () => {}

test('LIBTORCH goes first, and nothing else is looked at', async () => {
  vi.stubEnv('LIBTORCH', '/mine')
  const { places, tried } = machine(['/mine', '/python'], { python: '/python' })
  expect(await locateLibtorch({ log }, places)).toMatchObject({ root: '/mine', origin: 'LIBTORCH' })
  expect(tried).toEqual(['/mine'])
})

test('LIBTORCH that is unusable is an error, never passed over', async () => {
  vi.stubEnv('LIBTORCH', '/mine')
  const { places } = machine(['/python'], { python: '/python' })
  await expect(locateLibtorch({ log }, places)).rejects.toThrow(
    new UserError('Expected a usable libtorch folder for LIBTORCH but received /mine: /mine is bad'),
  )
})

test('then Python, then the cache, then a download', async () => {
  const cache = '/cache/libtorch-2.15.0-cpu/torch'
  const all = ['/python', cache, 'downloaded-cpu']
  const origin = async (good: readonly string[]) =>
    (await locateLibtorch({ log }, machine(good, { python: '/python' }).places)).origin
  expect(await origin(all)).toBe('python')
  expect(await origin(all.slice(1))).toBe('cache')
  expect(await origin(all.slice(2))).toBe('download')
})

test('a GPU asks for CUDA, and takes what the cache has', async () => {
  const download = machine(['downloaded-cuda'], { gpu: true })
  expect((await locateLibtorch({ log }, download.places)).root).toBe('downloaded-cuda')
  const cached = machine(['/cache/libtorch-2.15.0-cpu/torch'], { gpu: true })
  expect((await locateLibtorch({ log }, cached.places)).origin).toBe('cache')
  const cpu = machine(['downloaded-cpu'], { gpu: true })
  expect((await locateLibtorch({ variant: 'cpu', log }, cpu.places)).root).toBe('downloaded-cpu')
})

test('with --cuda, a libtorch without CUDA does not count', async () => {
  const cuda = ['downloaded-cuda']
  const { places, tried } = machine(['/python', ...cuda], { python: '/python', cuda })
  expect((await locateLibtorch({ variant: 'cuda', log }, places)).root).toBe('downloaded-cuda')
  expect(tried).toEqual(['/python', '/cache/libtorch-2.15.0-cuda/torch', 'download cuda', 'downloaded-cuda'])
})

test('offline never downloads, and the error lists every attempt and what mends it', async () => {
  vi.stubEnv('PADA_OFFLINE', '1')
  const { places, tried } = machine([])
  const message = await locateLibtorch({ log }, places).catch((error: UserError) => error.message)
  expect(tried).not.toContain('download cpu')
  expect(message).toContain('1. LIBTORCH: not set')
  expect(message).toContain('2. torch of python3: python3 has no torch')
  expect(message).toContain('3. cache: /cache/libtorch-2.15.0-cpu/torch is bad')
  expect(message).toContain('5. download with pip: PADA_OFFLINE forbids the network')
  expect(message).toContain('python3 -m pip install torch==2.15.0')
  expect(message).toContain('PADA_OFFLINE=0 npx pada-native setup')
})

test('a Python without pip is not told to use it', () => {
  const attempts = [{ place: 'download with pip', failure: 'v/bin/python failed: v/bin/python: No module named pip' }]
  vi.stubEnv('PADA_PYTHON', 'v/bin/python')
  const message = explain(attempts, undefined)
  expect(message).toContain('uv pip install --python v/bin/python torch==2.15.0')
  expect(message).toContain('v/bin/python -m ensurepip')
  expect(message).not.toContain('-m pip install')
})

test('a failed download names the proxy, without its password', () => {
  vi.stubEnv('https_proxy', 'http://user:secret@proxy:9')
  const advice = '  unset https_proxy                # if its proxy, http://proxy:9, does not answer'
  const message = (failure: string) => explain([{ place: 'download with pip', failure }], undefined).split('\n')
  expect(message('python3 failed (1):\nERROR: No matching distribution found')).toContain(advice)
  expect(message('PADA_OFFLINE forbids the network')).not.toContain(advice)
})

test('no download is advised where there are no wheels for the C library', () => {
  const message = (failure: string) => explain([{ place: 'download with pip', failure }], undefined)
  expect(message('libtorch needs glibc 2.28 or newer, and this system has 2.17').split('\n').slice(2)).toEqual([
    'There are no downloads for this C library. This fixes it:',
    '  export LIBTORCH=/path/to/libtorch        # or …/site-packages/torch',
  ])
  expect(message('python3 failed (1)')).toContain('npx pada-native setup')
})
