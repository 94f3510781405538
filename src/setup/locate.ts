/** Finds a libtorch by trying places in a fixed order, and records why each place failed. */
import { existsSync } from 'node:fs'
import { environment } from '../base/environment.js'
import { expected, UserError } from '../base/errors.js'
import { cachedLibtorch, downloadLibtorch, type Variant } from './download.js'
import { NEEDS_GLIBC } from './libc.js'
import { type Libtorch, probeLibtorch, SUPPORTED_TEXT } from './libtorch.js'
import { pythonCommand, pythonTorch } from './python.js'
import { TORCH_VERSION } from './wheels.js'

/** Place where a libtorch was found. */
export type Origin = 'LIBTORCH' | 'python' | 'cache' | 'download'
/** A libtorch and the place where it was found. */
export interface Located extends Libtorch {
  readonly origin: Origin
}

export interface Attempt {
  readonly place: string
  readonly failure: string
}

export interface LocateOptions {
  /** Variant to find. If undefined, accepts either variant, and downloads the CUDA variant if there is a GPU. */
  readonly variant?: Variant
  readonly log: (line: string) => void
  readonly signal?: AbortSignal
}

/** Functions that look at each place. Tests replace them. */
export interface Places {
  probe(folder: string): Promise<Libtorch>
  pythonTorch(): Promise<string>
  download(variant: Variant, log: (line: string) => void, signal?: AbortSignal): Promise<Libtorch>
  hasGpu(): boolean
}

/** The place of attempts by pip. */
const PIP = 'download with pip'

const PLACES: Places = { probe: probeLibtorch, pythonTorch, download: downloadLibtorch, hasGpu }

/**
 * Uses LIBTORCH alone if it is set; otherwise tries Python's torch, then the cache, then a download.
 *
 * @throws UserError that lists every attempt.
 */
export async function locateLibtorch(options: LocateOptions, places: Places = PLACES): Promise<Located> {
  const { variant, log, signal } = options
  const { libtorch: given, offline } = environment()
  const attempts: Attempt[] = []
  const attempt = async (place: string, origin: Origin, find: () => Promise<Libtorch>) => {
    try {
      const found = await find()
      if (variant === 'cuda' && !found.cuda) throw new Error(`${found.root} has no torch_cuda`)
      return { ...found, origin }
    } catch (error) {
      signal?.throwIfAborted()
      attempts.push({ place, failure: (error as Error).message })
      return undefined
    }
  }

  if (given !== undefined) {
    const found = await attempt('LIBTORCH', 'LIBTORCH', () => places.probe(given))
    if (found !== undefined) return found
    const reason = attempts[0]?.failure
    throw expected('a usable libtorch folder', 'LIBTORCH', `${given}: ${reason}`)
  }
  attempts.push({ place: 'LIBTORCH', failure: 'not set' })

  const python = await attempt(`torch of ${pythonCommand()}`, 'python', async () =>
    places.probe(await places.pythonTorch()),
  )
  if (python !== undefined) return python

  const wanted: Variant = variant ?? (places.hasGpu() ? 'cuda' : 'cpu')
  const cached: readonly Variant[] = variant === undefined ? [wanted, wanted === 'cpu' ? 'cuda' : 'cpu'] : [variant]
  for (const choice of cached) {
    const found = await attempt('cache', 'cache', () => places.probe(cachedLibtorch(choice)))
    if (found !== undefined) return found
  }

  const fetched = await attempt(PIP, 'download', () => {
    if (offline) throw new Error('PADA_OFFLINE forbids the network')
    return places.download(wanted, log, signal)
  })
  if (fetched !== undefined) return fetched
  throw new UserError(explain(attempts, variant))
}

/** Message with every attempt and its failure, then the commands that fix the problem, each by itself. */
export function explain(attempts: readonly Attempt[], variant: Variant | undefined): string {
  const flag = variant === undefined ? '' : ` --${variant}`
  const { offline, proxy } = environment()
  const python = pythonCommand()
  const pipFailed = attempts.some(({ place, failure }) => place === PIP && failure.includes(' failed ('))
  const hasNoPip = attempts.some(({ failure }) => failure.includes('No module named pip'))
  const hasNoWheels = attempts.some(({ failure }) => failure.startsWith(NEEDS_GLIBC))
  const install = hasNoPip
    ? [
        `  uv pip install --python ${python} torch==${TORCH_VERSION}`,
        `  ${python} -m ensurepip                # it has no pip; then run the set-up again`,
      ]
    : [`  ${python} -m pip install torch==${TORCH_VERSION}`]
  const download = [
    ...install,
    ...(pipFailed && proxy
      ? [`  unset ${proxy.variable}                # if its proxy, ${proxy.address}, does not answer`]
      : []),
    '  export PADA_PYTHON=/path/to/python3      # one that has torch, or a pip that can download it',
    `  ${offline ? 'PADA_OFFLINE=0 ' : ''}npx pada-native setup${flag}${offline ? '' : '                # again, with a network'}`,
  ]
  return [
    `Expected a libtorch (${SUPPORTED_TEXT}${variant === 'cuda' ? ', with CUDA' : ''}) but found none. Tried, in this order:`,
    ...attempts.map(({ place, failure }, index) => `  ${index + 1}. ${place}: ${failure.replaceAll('\n', '\n     ')}`),
    hasNoWheels ? 'There are no downloads for this C library. This fixes it:' : 'Any one of these fixes it:',
    '  export LIBTORCH=/path/to/libtorch        # or …/site-packages/torch',
    ...(hasNoWheels ? [] : download),
  ].join('\n')
}

/** True if NVIDIA's driver is loaded. */
export function hasGpu(): boolean {
  return existsSync('/proc/driver/nvidia/version')
}
