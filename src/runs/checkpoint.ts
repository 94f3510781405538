/**
 * The checkpoint of a run: `weights.safetensors` (all weights under their own names, usable without the run),
 * `state.safetensors` and `state.json` (everything else). The folder is replaced as a whole, so that it always holds
 * one consistent checkpoint, whenever the process is killed or the power fails.
 */
import { createHash } from 'node:crypto'
import { readFile, rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { writeAtomically } from '../base/atomic.js'
import { expected, UserError } from '../base/errors.js'
import { exists, makeFolder, syncFolder, whyUnreadable } from '../base/files.js'
import type { RandomState } from '../base/random.js'
import { shellCommand } from '../base/shell.js'
import type { Config, RetrainConfig } from '../config/index.js'
import { isGroup } from '../config/settings.js'
import { readSafetensors, type Tensor, writeSafetensors } from '../formats/safetensors.js'
import type { Progress, Snapshot } from '../training/snapshot.js'

const FORMAT = 2
/** The files of tensors, by the part of the snapshot that they hold. */
const FILES = { weights: 'weights.safetensors', state: 'state.safetensors' } as const
/** Readings of a checkpoint that is replaced again and again meanwhile. */
const READ_TRIES = 10

/** Identifies the space, images and method of a checkpoint. Training can continue only with the same ones. */
export interface Identity {
  /** Name of the space, and a digest of its choices, operations, sizes, parameters, buffers and some programs. */
  readonly space: string
  readonly spaceDigest: string
  /** Identity of the training images; see `ImagesIdentity`. */
  readonly trainingImages: string
  /** How they were read, as `data.source` names it; absent in checkpoints of earlier versions. */
  readonly source?: 'resident' | 'streaming'
  /** Identity of the test images of a retraining, which evaluates after every epoch; absent for a search. */
  readonly testImages?: string
  /** Name of a user's own method; absent if the settings name the method. */
  readonly method?: string
}

export interface Checkpoint {
  readonly snapshot: Snapshot
  readonly identity: Identity
  /** Length of the event log in bytes when the snapshot was taken. */
  readonly logBytes: number
  /** The settings that it was trained with; absent in checkpoints of earlier versions. */
  readonly settings?: Config | RetrainConfig
}

interface State extends Omit<Checkpoint, 'snapshot'> {
  readonly format: number
  readonly progress: Progress
  readonly random: RandomState
  /** Digests of the tensors in {@link FILES}; absent in checkpoints of earlier versions. */
  readonly digests?: Readonly<Record<keyof typeof FILES, string>>
}

export async function writeCheckpoint(folder: string, { snapshot, ...rest }: Checkpoint): Promise<void> {
  const { next, old } = neighbours(folder)
  await rm(next, { recursive: true, force: true })
  await makeFolder(next)
  const { progress, random, weights, state: others } = snapshot
  await writeSafetensors(join(next, FILES.weights), weights, { format: 'pt' })
  await writeSafetensors(join(next, FILES.state), others)
  const digests = { weights: digestOf(weights), state: digestOf(others) }
  const state: State = { format: FORMAT, ...rest, progress, random, digests }
  await writeState(join(next, 'state.json'), state)
  // A folder cannot be renamed onto a full one. If the process dies between the renames, `recoverCheckpoint` does the
  // second.
  await rm(old, { recursive: true, force: true })
  if (await exists(folder)) await rename(folder, old)
  await rename(next, folder)
  // The old one is removed when the new one is sure to be found after a power cut.
  await syncFolder(dirname(folder))
  await rm(old, { recursive: true, force: true })
}

/**
 * Reads a run's checkpoint; undefined if it has none yet.
 *
 * @throws UserError if the checkpoint cannot be read.
 */
export function readCheckpoint(folder: string): Promise<Checkpoint | undefined> {
  return readFromCheckpoint(folder, readFolder)
}

/** The settings that a checkpoint was trained with; undefined if it does not tell, or cannot be read. */
export async function trainedSettings(folder: string): Promise<Checkpoint['settings']> {
  const state = await readState(join(folder, 'state.json')).catch(() => undefined)
  return state?.settings
}

/**
 * Reads files of a checkpoint by `read`, which gets the folder that they are in; undefined if there is none yet. It
 * changes nothing, and another process may write a new checkpoint meanwhile: then the files of that one are read.
 */
export async function readFromCheckpoint<Result>(
  folder: string,
  read: (current: string) => Promise<Result>,
): Promise<Result | undefined> {
  for (let triesLeft = READ_TRIES; ; triesLeft--) {
    const current = await currentFolder(folder)
    if (current === undefined) return undefined
    const before = await stampOf(current)
    const outcome = await read(current).then(
      (result) => ({ result }),
      (error: unknown) => ({ error }),
    )
    // What was read while the folder was replaced may be of two checkpoints.
    if (before !== (await stampOf(current)) && triesLeft > 1) continue
    if ('error' in outcome) throw outcome.error
    return outcome.result
  }
}

async function readFolder(folder: string): Promise<Checkpoint> {
  const { format, progress, random, digests, ...rest } = await readState(join(folder, 'state.json'))
  if (format !== FORMAT) throw new UserError(`Expected checkpoint format ${FORMAT} in ${folder} but received ${format}`)
  const read = async (part: keyof typeof FILES) => {
    const file = join(folder, FILES[part])
    const { tensors } = await readSafetensors(file)
    if (digests !== undefined && digestOf(tensors) !== digests[part]) {
      const begin = shellCommand('npx', 'pada-native', 'import', file, '--config', join(folder, '../config.yaml'))
      const advice = part === 'weights' ? `; \`${begin} --out FOLDER\` begins a new run with them` : ''
      throw expected('the tensors that the run wrote', file, `others, or damaged ones${advice}`)
    }
    return tensors
  }
  return { ...rest, snapshot: { progress, random, weights: await read('weights'), state: await read('state') } }
}

/** Digest of tensors: their names, shapes and bytes. Unlike `weightsDigest` it needs no addon. */
function digestOf(tensors: ReadonlyMap<string, Tensor>): string {
  const hash = createHash('sha256')
  for (const name of [...tensors.keys()].sort()) {
    const { shape, data } = tensors.get(name) as Tensor
    hash.update(JSON.stringify([name, shape])).update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength))
  }
  return hash.digest('hex')
}

/** Changes what a checkpoint knows of the length of the event log, which has lost events. */
export async function rememberLogBytes(folder: string, logBytes: number): Promise<void> {
  const file = join(folder, 'state.json')
  await writeState(file, { ...(await readState(file)), logBytes })
}

/** Finishes the replacement of a checkpoint by a process that died. Only the holder of the run's lock may do so. */
export async function recoverCheckpoint(folder: string): Promise<void> {
  const current = await currentFolder(folder)
  if (current === undefined || current === folder) return
  await rename(current, folder)
  await syncFolder(dirname(folder))
  await rm(neighbours(folder).old, { recursive: true, force: true })
}

/** The folder that holds the checkpoint; undefined if there is none. */
async function currentFolder(folder: string): Promise<string | undefined> {
  const { next, old } = neighbours(folder)
  // The new checkpoint is complete if the old one has been renamed. It may be renamed itself between two looks.
  const candidates = [folder, ...((await exists(old)) ? [next, old] : []), folder]
  for (const candidate of candidates) if (await exists(candidate)) return candidate
  return undefined
}

/** Differs between two folders that had the same path; undefined if there is none. */
async function stampOf(folder: string): Promise<string | undefined> {
  const stats = await stat(folder).catch(() => undefined)
  return stats && `${stats.ino} ${stats.mtimeMs}`
}

function neighbours(folder: string) {
  return { next: `${folder}.new`, old: `${folder}.old` }
}

function writeState(file: string, state: State): Promise<void> {
  return writeAtomically(file, `${JSON.stringify(state)}\n`)
}

async function readState(file: string): Promise<State> {
  const unreadable = (why: string) => expected('a readable state of a checkpoint', file, why)
  let state: unknown
  try {
    state = JSON.parse(await readFile(file, 'utf8'))
  } catch (error) {
    throw unreadable(error instanceof SyntaxError ? 'damaged JSON' : whyUnreadable(error as NodeJS.ErrnoException))
  }
  if (!isGroup(state)) throw unreadable('damaged JSON')
  const { format, progress, random, identity, digests } = state
  const isWhole = [progress, random, identity].every(isGroup) && (digests === undefined || isGroup(digests))
  // Another format may have other fields.
  if (format === FORMAT && !isWhole) throw unreadable('one that lacks a part')
  return state as unknown as State
}
