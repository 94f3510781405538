/** Which of several processes this one is, as the program that started it says in environment variables. */
import { userInfo } from 'node:os'
import { expected, UserError } from '../base/errors.js'
import type { StorePlace } from '../native/index.js'

/** Place of this process among all that were started together. */
export interface ProcessPlace {
  /** Number of this process, from 0. */
  readonly rank: number
  /** Number of processes. */
  readonly size: number
  /** Number of this process among those of its machine, from 0, and how many these are. */
  readonly localRank: number
  readonly localSize: number
  readonly store: StorePlace
  /** Tells apart trainings that use one store, such as the restarts of torchrun. */
  readonly attempt: string
  /** What started the processes, for messages. */
  readonly startedBy: 'pada-native' | 'torchrun' | 'SLURM'
}

type Env = Readonly<Record<string, string | undefined>>

/** Names of the variables that `pada-native --processes` gives to the processes that it starts. */
export const OWN = {
  rank: 'PADA_RANK',
  size: 'PADA_PROCESSES',
  store: 'PADA_STORE',
} as const

/** PyTorch's default port. */
const PORT = 29_500
/** SLURM's jobs on one machine need different ports. */
const SLURM_PORTS = { first: 15_000, count: 20_000 }

/**
 * The place of this process; undefined if it was started alone. Variables of `--processes` come first, then those of
 * torchrun (`RANK`, `WORLD_SIZE`, `MASTER_ADDR`, …), then those of SLURM's `srun`.
 *
 * @throws UserError for variables that are missing or damaged.
 */
export function placeOf(env: Env): ProcessPlace | undefined {
  if (env[OWN.rank] !== undefined) return ownPlace(env)
  if (env.RANK !== undefined || env.WORLD_SIZE !== undefined) return torchrunPlace(env)
  // A batch script has a number too, though it runs once: only srun starts it as often as there are tasks.
  const isStep = env.SLURM_STEP_ID !== undefined || env.SLURM_STEP_NUM_TASKS !== undefined
  if (Number(env.SLURM_NTASKS) > 1 && env.SLURM_PROCID !== undefined && isStep) return slurmPlace(env)
  return undefined
}

function ownPlace(env: Env): ProcessPlace {
  const rank = whole(env, OWN.rank)
  const size = whole(env, OWN.size, 1)
  checkRank(OWN.rank, rank, size)
  const store = { file: text(env, OWN.store) }
  return { rank, size, localRank: rank, localSize: size, store, attempt: '', startedBy: 'pada-native' }
}

function torchrunPlace(env: Env): ProcessPlace | undefined {
  const rank = whole(env, 'RANK')
  const size = whole(env, 'WORLD_SIZE', 1)
  checkRank('RANK', rank, size)
  if (size === 1) return undefined
  const localRank = env.LOCAL_RANK === undefined ? rank : whole(env, 'LOCAL_RANK')
  const localSize = env.LOCAL_WORLD_SIZE === undefined ? size : whole(env, 'LOCAL_WORLD_SIZE', 1)
  const host = text(env, 'MASTER_ADDR')
  const port = env.MASTER_PORT === undefined ? PORT : portOf(env, 'MASTER_PORT')
  // torchrun serves the store itself, unless it says otherwise.
  const isServer = env.TORCHELASTIC_USE_AGENT_STORE !== 'True' && rank === 0
  const attempt = env.TORCHELASTIC_RESTART_COUNT ?? ''
  return { rank, size, localRank, localSize, store: { host, port, isServer }, attempt, startedBy: 'torchrun' }
}

function slurmPlace(env: Env): ProcessPlace {
  const rank = whole(env, 'SLURM_PROCID')
  const size = whole(env, 'SLURM_NTASKS', 1)
  checkRank('SLURM_PROCID', rank, size)
  const localRank = whole(env, 'SLURM_LOCALID')
  const localSize = tasksOfNode(env, size)
  const host = env.MASTER_ADDR ?? firstNode(text(env, 'SLURM_STEP_NODELIST', 'SLURM_JOB_NODELIST'))
  const job = whole(env, 'SLURM_JOB_ID')
  const port =
    env.MASTER_PORT === undefined ? SLURM_PORTS.first + (job % SLURM_PORTS.count) : portOf(env, 'MASTER_PORT')
  const store = { host, port, isServer: rank === 0 }
  const attempt = [job, env.SLURM_STEP_ID, env.SLURM_RESTART_COUNT].filter((part) => part !== undefined).join('.')
  return { rank, size, localRank, localSize, store, attempt, startedBy: 'SLURM' }
}

/** The number of tasks on this node: `SLURM_STEP_TASKS_PER_NODE` is such as `4(x2),3`. */
function tasksOfNode(env: Env, size: number): number {
  const list = env.SLURM_STEP_TASKS_PER_NODE ?? env.SLURM_TASKS_PER_NODE
  if (list === undefined) return size
  const counts = list.split(',').flatMap((part) => {
    const [, tasks, times = '1'] = /^(\d+)(?:\(x(\d+)\))?$/.exec(part) ?? []
    return new Array<number>(Number(times)).fill(Number(tasks))
  })
  return counts[Number(env.SLURM_NODEID ?? 0)] ?? size
}

/** The first name of a list of nodes such as `node[03-05,7],other`, which is `node03`. */
export function firstNode(list: string): string {
  const [, prefix, first = '', suffix = ''] = /^([^[,]+)(?:\[([^\],-]+)[^\]]*\]([^,]*))?/.exec(list) ?? []
  if (prefix === undefined) throw expected('a list of nodes', 'SLURM_JOB_NODELIST', `"${list}"`, 2)
  return prefix + first + suffix
}

/**
 * A warning about a store that other machines can reach, because it asks for no password. Undefined if only this machine
 * reaches it, or if the program that started the processes opened it.
 */
export function exposure({ store, startedBy }: ProcessPlace): string | undefined {
  if (!('host' in store) || !store.isServer) return undefined
  if (['localhost', '127.0.0.1', '::1'].includes(store.host)) return undefined
  return `The store of the processes that ${startedBy} started listens at ${store.host}:${store.port} and asks for no password: use a network that you trust`
}

/** A folder name that belongs to this user, for the store of processes of one machine. */
export function storeFolderPrefix(): string {
  let user = 'user'
  try {
    user = String(userInfo().uid)
  } catch {
    // A container's user may have no name.
  }
  return `pada-native-${user}-`
}

function text(env: Env, ...names: readonly string[]): string {
  for (const name of names) {
    const value = env[name]?.trim()
    if (value) return value
  }
  throw missing(names[0])
}

function missing(name: string): UserError {
  return new UserError(
    `Expected the environment variable ${name} but received none, though others say that several processes were started`,
    2,
  )
}

function whole(env: Env, name: string, least = 0): number {
  const value = env[name]
  if (value === undefined) throw missing(name)
  const number = Number(value)
  if (value.trim() === '' || !Number.isSafeInteger(number) || number < least) {
    throw expected(`a whole number of at least ${least}`, `the environment variable ${name}`, `"${value}"`, 2)
  }
  return number
}

function portOf(env: Env, name: string): number {
  const port = whole(env, name, 1)
  if (port <= 65_535) return port
  throw expected('a port of at most 65535', `the environment variable ${name}`, port, 2)
}

function checkRank(name: string, rank: number, size: number): void {
  if (rank < size) return
  throw expected(`a rank below the number of processes, ${size},`, `the environment variable ${name}`, rank, 2)
}
