/** What a process computes with: its share of the threads, its GPU, and what sums the gradients of all of them. */
import { hostname } from 'node:os'
import { allowedCores } from '../base/cpu-affinity.js'
import { expected } from '../base/errors.js'
import type { Config } from '../config/index.js'
import {
  Communicator,
  cudaIndexOf,
  type Device,
  defaultThreads,
  nativeInfo,
  setCudaDevice,
  useThreads,
} from '../native/index.js'
import type { World } from './world.js'

/** The settings that say what a process computes with. */
export type ResourceConfig = Pick<Config, 'device' | 'threads' | 'distributed'>

/** How the processes of a run work together. */
export interface Processes {
  readonly count: number
  /** What sums their gradients, such as "Gloo" or "NCCL 2.28.3". */
  readonly backend: string
}

/**
 * Takes what this process computes with. By default the processes of a machine divide its cores and its GPUs.
 *
 * @returns How the processes work together; undefined for one that works alone.
 * @throws UserError if the settings want NCCL where it cannot be.
 */
export async function useResources(config: ResourceConfig, world: World | undefined): Promise<Processes | undefined> {
  const { device, threads } = config
  if (world === undefined) {
    await useThreads(threads)
    return undefined
  }
  if (device === 'cuda') setCudaDevice(world.localRank % Math.max(1, nativeInfo().cudaDevices.length))
  const nccl = await connectGpus(config, world)
  const share = await shareOfThreads(world)
  await useThreads(threads ?? share)
  return { count: world.size, backend: nccl === undefined ? 'Gloo' : `NCCL ${nccl}` }
}

/**
 * Threads of this process, if its settings name no number. Processes that may use the same cores divide them; SLURM, for
 * example, may give each its own. OMP_NUM_THREADS is the number of each process.
 */
async function shareOfThreads(world: World): Promise<number> {
  const cores = `${hostname()} ${allowedCores()}`
  const all = await world.gather(cores)
  // OpenMP ignores what is no number.
  if (/^\s*[1-9]/.test(process.env.OMP_NUM_THREADS ?? '')) return defaultThreads()
  const sharers = all.filter((other) => other === cores).length
  return Math.max(1, Math.floor(defaultThreads() / Math.min(sharers, world.localSize)))
}

/** Connects the GPUs of all processes by NCCL. Resolves to its version; undefined where Gloo is to sum. */
async function connectGpus({ device, distributed }: ResourceConfig, world: World): Promise<string | undefined> {
  const { backend } = distributed
  if (backend === 'gloo' || (backend === 'auto' && device === 'cpu')) return undefined
  const id = await idOfNccl(device, world)
  if (typeof id !== 'string') return world.communicator.connectNccl(Uint8Array.from(id), device)
  if (backend === 'nccl') throw expected('auto or gloo', 'distributed.backend', `nccl, but ${id}`, 2)
  return undefined
}

/** The id by which NCCL connects these processes, or why it cannot: the same in all of them. */
async function idOfNccl(device: Device, world: World): Promise<number[] | string> {
  const index = cudaIndexOf(device)
  if (index === undefined) return 'device is cpu'
  // A process that sees one GPU alone calls it 0, as others call theirs.
  const gpus = await world.gather(nativeInfo().cudaUuids[index] || `${hostname()} ${index}`)
  const other = gpus.findIndex((gpu, rank) => gpus.indexOf(gpu) < rank)
  if (other >= 0) return `rank ${other} has the GPU of rank ${gpus.indexOf(gpus[other])}`
  return world.fromFirst(() => {
    try {
      return [...Communicator.ncclId()]
    } catch (error) {
      return (error as Error).message
    }
  })
}
