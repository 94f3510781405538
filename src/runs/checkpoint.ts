/**
 * The checkpoint of a run: `weights.safetensors` (the supernet's parameters under their own names, also usable without
 * this run), `state.safetensors` and `state.json` (all else). The folder is replaced as a whole, so that it is always
 * one consistent checkpoint, whenever the process is killed.
 */
import { readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { writeAtomically } from '../base/atomic.js'
import { UserError } from '../base/errors.js'
import { exists, makeFolder } from '../base/files.js'
import type { RandomState } from '../base/random.js'
import { readSafetensors, writeSafetensors } from '../formats/safetensors.js'
import type { Progress, Snapshot } from '../training/snapshot.js'

const FORMAT = 2

/** What a checkpoint belongs to: continuing it with anything else would mean nothing. */
export interface Identity {
  /** Name of the space, and a digest of its operations and parameters. */
  readonly space: string
  readonly spaceDigest: string
  /** Digest of the training labels. */
  readonly dataDigest: string
  /** Name of a method of the user's own; absent where the settings name it. */
  readonly method?: string
}

export interface Checkpoint {
  readonly snapshot: Snapshot
  readonly identity: Identity
  /** Length of the event log when the snapshot was taken. */
  readonly logBytes: number
}

interface State extends Omit<Checkpoint, 'snapshot'> {
  readonly format: number
  readonly progress: Progress
  readonly random: RandomState
}

export async function writeCheckpoint(folder: string, { snapshot, ...rest }: Checkpoint): Promise<void> {
  const { next, old } = neighbours(folder)
  await rm(next, { recursive: true, force: true })
  await makeFolder(next)
  await writeSafetensors(join(next, 'weights.safetensors'), snapshot.weights, { format: 'pt' })
  await writeSafetensors(join(next, 'state.safetensors'), snapshot.state)
  const state: State = { format: FORMAT, ...rest, progress: snapshot.progress, random: snapshot.random }
  await writeAtomically(join(next, 'state.json'), `${JSON.stringify(state)}\n`)
  // A folder cannot be renamed onto a full one. Killed between the two renames, `recover` completes the second.
  await rm(old, { recursive: true, force: true })
  if (await exists(folder)) await rename(folder, old)
  await rename(next, folder)
  await rm(old, { recursive: true, force: true })
}

/** Reads a run's checkpoint; undefined where it has none yet. Throws a UserError for one that cannot be read. */
export async function readCheckpoint(folder: string): Promise<Checkpoint | undefined> {
  await recover(folder)
  if (!(await exists(folder))) return undefined
  const { format, progress, random, ...rest } = await readState(join(folder, 'state.json'))
  if (format !== FORMAT) throw new UserError(`Expected checkpoint format ${FORMAT} in ${folder} but received ${format}`)
  const { tensors: weights } = await readSafetensors(join(folder, 'weights.safetensors'))
  const { tensors: state } = await readSafetensors(join(folder, 'state.safetensors'))
  return { ...rest, snapshot: { progress, random, weights, state } }
}

async function recover(folder: string): Promise<void> {
  const { next, old } = neighbours(folder)
  if ((await exists(folder)) || !(await exists(old))) return
  await rename(next, folder)
  await rm(old, { recursive: true, force: true })
}

function neighbours(folder: string) {
  return { next: `${folder}.new`, old: `${folder}.old` }
}

async function readState(file: string): Promise<State> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as State
  } catch (error) {
    throw new UserError(`Expected a readable checkpoint state in ${file} but received ${(error as Error).message}`)
  }
}
