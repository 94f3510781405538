/**
 * The checkpoint of a run: `weights.safetensors` (all weights under their own names, usable without the run),
 * `state.safetensors` and `state.json` (everything else). The folder is replaced as a whole, so that it always holds
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

/** Identifies the space, images and method of a checkpoint. Training can continue only with the same ones. */
export interface Identity {
  /** Name of the space, and a digest of its choices, operations, sizes, parameters and buffers. */
  readonly space: string
  readonly spaceDigest: string
  /** Digest of the training labels. */
  readonly dataDigest: string
  /** Name of a user's own method; absent if the settings name the method. */
  readonly method?: string
}

export interface Checkpoint {
  readonly snapshot: Snapshot
  readonly identity: Identity
  /** Length of the event log in bytes when the snapshot was taken. */
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
  // A folder cannot be renamed onto a full one. If the process dies between the renames, `recover` does the second.
  await rm(old, { recursive: true, force: true })
  if (await exists(folder)) await rename(folder, old)
  await rename(next, folder)
  await rm(old, { recursive: true, force: true })
}

/** Reads a run's checkpoint; undefined if it has none yet. Throws a UserError if the checkpoint cannot be read. */
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
