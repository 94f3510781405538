import { homedir } from 'node:os'
import { isAbsolute, join, resolve } from 'node:path'
import { expected } from './errors.js'

/** What the addon's kernels of GPUs are for; see `native/cuda/source.h`. */
export const KERNEL_GROUPS: readonly string[] = ['sums', 'windows', 'sweeps', 'loss', 'images']

/**
 * All environment variables that the project reads. Each call of {@link environment} reads them again, so tests can set
 * them.
 */
export interface Environment {
  /** Folder of libtorch, or `site-packages/torch`, to use. If it is set, no other place is tried. */
  readonly libtorch?: string
  /** Python interpreter whose torch is looked for, and whose pip downloads. */
  readonly python?: string
  /** True if the network must not be used. */
  readonly offline: boolean
  /** The variable that names the proxy of downloads, and its address without user and password. */
  readonly proxy?: { readonly variable: string; readonly address: string }
  /** True to keep the stacks of native errors, and to print the whole output of builds. */
  readonly debug: boolean
  /** C++ compiler of builds. */
  readonly compiler: string
  /** Additional flags for the compiler and the linker. */
  readonly compilerFlags: string
  /** True if the terminal cannot move its cursor, or nobody looks at it: `TERM=dumb`, and in continuous integration. */
  readonly plain: boolean
  /** True if the locale or the terminal knows ASCII only. A locale that is not set counts as UTF-8. */
  readonly ascii: boolean
  /** Groups of the addon's own kernels that GPUs may use; in the place of the others, ATen computes. */
  readonly cudaKernels: readonly string[]
  /** True if GPUs record an evaluation's batch as a graph, and replay it for the others. */
  readonly graphs: boolean
  /** True if cuDNN times its algorithms for each shape and takes the fastest. */
  readonly searchConvolutions: boolean
  /** Folder for downloads and built addons; undefined if the variables name none and the user has no home folder. */
  readonly cache?: string
}

export function environment(env: NodeJS.ProcessEnv = process.env): Environment {
  return {
    libtorch: folder(env.LIBTORCH),
    python: text(env.PADA_PYTHON),
    offline: flag(env.PADA_OFFLINE),
    proxy: proxyOf(env),
    debug: flag(env.PADA_DEBUG),
    compiler: text(env.CXX) ?? 'c++',
    compilerFlags: [env.CXXFLAGS, env.LDFLAGS]
      .map((flags) => flags ?? '')
      .join(' ')
      .trim(),
    plain: env.TERM === 'dumb' || flag(env.CI),
    ascii: env.TERM === 'dumb' || !/^$|utf-?8/i.test(text(env.LC_ALL) ?? text(env.LC_CTYPE) ?? text(env.LANG) ?? ''),
    cudaKernels: groups(env.PADA_CUDA_KERNELS),
    graphs: flag(env.PADA_CUDA_GRAPHS),
    searchConvolutions: flag(env.PADA_CUDNN_SEARCH),
    cache: folder(env.PADA_CACHE) ?? usualCache(env),
  }
}

/** Throws a {@link UserError} if a variable has a value that means nothing. */
export function checkEnvironment(): void {
  const groups = environment().cudaKernels
  if (groups.every((group) => KERNEL_GROUPS.includes(group))) return
  throw expected(`off or groups of kernels (${KERNEL_GROUPS.join(', ')})`, 'PADA_CUDA_KERNELS', groups.join(','), 2)
}

/** The value of a variable that is not ours, such as one in a path; undefined if it is not set. */
export function variable(name: string): string | undefined {
  return process.env[name]
}

/** The user's home folder; undefined if the system knows none, as for an arbitrary user of a container. */
export function homeFolder(): string | undefined {
  try {
    return text(homedir())
  } catch {
    return undefined
  }
}

/** `pada-native` in the user's folder of caches. A relative XDG_CACHE_HOME is ignored, as its specification says. */
function usualCache(env: NodeJS.ProcessEnv): string | undefined {
  const named = text(env.XDG_CACHE_HOME)
  if (named !== undefined && isAbsolute(named)) return join(named, 'pada-native')
  const home = homeFolder()
  return home === undefined ? undefined : join(home, '.cache', 'pada-native')
}

/** The first of the variables that Python's pip follows. */
function proxyOf(env: NodeJS.ProcessEnv): Environment['proxy'] {
  for (const variable of ['https_proxy', 'HTTPS_PROXY', 'all_proxy', 'ALL_PROXY']) {
    const address = text(env[variable])?.replace(/^(\w+:\/\/)?.*@/, '$1')
    if (address !== undefined) return { variable, address }
  }
  return undefined
}

function text(value: string | undefined): string | undefined {
  return value === undefined || value.trim() === '' ? undefined : value.trim()
}

function folder(value: string | undefined): string | undefined {
  const path = text(value)
  return path === undefined ? undefined : resolve(path)
}

/** `off` for none, or names between commas, which may be unknown. */
function groups(value: string | undefined): readonly string[] {
  const named = text(value)?.toLowerCase()
  if (named === undefined || ['all', 'on', '1', 'true', 'yes'].includes(named)) return KERNEL_GROUPS
  return NO.includes(named) ? [] : named.split(',').map((name) => name.trim())
}

/** Words that say no. */
const NO = ['off', '0', 'false', 'no']

/** True unless the value is empty or one of {@link NO}. */
function flag(value: string | undefined): boolean {
  return !['', ...NO].includes((value ?? '').trim().toLowerCase())
}
