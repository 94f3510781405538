/** Sets up the addon for a command. */
import { environment } from '../base/environment.js'
import { expected } from '../base/errors.js'
import type { Config } from '../config/schema.js'
import { cudaKernels, describeUnused } from '../native/index.js'
import { type EnsureOptions, ensureNative } from '../setup/index.js'
import { hasGpu } from '../setup/locate.js'
import { isFirstProcess } from './first-process.js'

/**
 * Sets up the addon for the device of the settings. A GPU that is not there is refused first, because libtorch with CUDA
 * is a download of gigabytes. Says which kernels a GPU does without, once for all processes.
 */
export async function ensureNativeFor(
  { device }: Pick<Config, 'device'>,
  options: Pick<EnsureOptions, 'log' | 'signal'>,
): Promise<void> {
  const cuda = device !== 'cpu'
  if (cuda && !hasGpu()) throw expected('cpu', 'device', `${device}, and this machine has no NVIDIA GPU`, 2)
  await ensureNative({ cuda, ...options })
  if (environment().cudaKernels.length === 0 || !isFirstProcess()) return
  for (const sentence of describeUnused(await cudaKernels(device))) options.log?.(sentence)
}
