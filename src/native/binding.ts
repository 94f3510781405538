/** Finds and loads the compiled addon, once. */
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { isMainThread } from 'node:worker_threads'
import { cpuQuota } from '../base/cpu-quota.js'
import { checkEnvironment, environment } from '../base/environment.js'
import { UserError } from '../base/errors.js'
import { addonPath, buildFolders } from '../base/folders.js'
import { currentBuild } from '../setup/stamp.js'
import type { Binding } from './index.js'

let binding: Binding | undefined

/** Exports of the addon. If it is missing or does not load, throws a {@link UserError} with the command to run. */
export function loadBinding(): Binding {
  binding ??= load(candidates())
  return binding
}

/** Paths of the built addons, the up-to-date one first. An administrator's build may be for another libtorch. */
function candidates(): string[] {
  const built = buildFolders().map(addonPath).filter(existsSync)
  const fresh = built.length > 1 ? currentBuild()?.addon : undefined
  return fresh === undefined ? built : [fresh, ...built.filter((path) => path !== fresh)]
}

/**
 * Computes with as many threads as the container may use at a time: more would wait for each other. Settings may change
 * the number later. It is the process's, so the main thread sets it, and no worker resets it.
 */
function withinQuota(addon: Binding): Binding {
  const quota = isMainThread ? cpuQuota() : undefined
  if (quota !== undefined && quota < addon.info().threads) void addon.setThreads(quota)
  return addon
}

/**
 * Lets `process.exit()` end the process well while a step computes. Workers need nothing: Node ends them first, and each
 * waits for its own step.
 */
function endsWell(addon: Binding): Binding {
  if (isMainThread) process.on('exit', (code) => addon.processExits(Number(code)))
  return addon
}

/** Tells the addon whether GPUs may use its own kernels, where these are kept once compiled, and how cuDNN chooses. */
function withCudaKernels(addon: Binding): Binding {
  checkEnvironment()
  const { cudaKernels: groups, graphs, searchConvolutions, cache } = environment()
  const folder = cache !== undefined && { folder: join(cache, 'kernels') }
  addon.setCudaKernels({ groups, graphs, searchConvolutions, ...folder })
  return addon
}

/** Lets `info` tell the number of threads that was set. OpenMP keeps it for the thread that computes, not for this one. */
function remembersThreads(addon: Binding): Binding {
  let threads: number | undefined
  const { info, setThreads } = addon
  return Object.assign(addon, {
    info: () => ({ ...info(), ...(threads !== undefined && { threads }) }),
    async setThreads(count: number) {
      const before = threads
      // At once: whoever asks before it is set must not take the old number for the usual one.
      threads = count
      try {
        const set = await setThreads(count)
        if (threads === count) threads = set
        return set
      } catch (error) {
        threads = before
        throw error
      }
    },
  })
}

function load(paths: readonly string[]): Binding {
  const require = createRequire(import.meta.url)
  const failures: string[] = []
  for (const path of paths) {
    try {
      return endsWell(withCudaKernels(withinQuota(remembersThreads(require(path) as Binding))))
    } catch (error) {
      if (error instanceof UserError) throw error
      failures.push(`${path}: ${(error as Error).message}`)
    }
  }
  const found = failures.length === 0 ? 'none was built' : `it does not load (${failures.join('; ')})`
  throw new UserError(
    `Expected the native addon but ${found}; run \`npx pada-native setup\`, or await ensureNative() first`,
  )
}
