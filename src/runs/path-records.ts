import { append, readText, shorten } from '../base/files.js'
import type { Path } from '../spaces/space.js'
import { changedFields } from './computed-from.js'

/** Records that were made under another key, or that are damaged. */
export interface DiscardedRecords {
  /** Number of records, at least one. */
  readonly records: number
  /**
   * Names of the fields in which the keys differ; `rule` if the file has the form of an earlier version, `damage` if
   * the file is damaged.
   */
  readonly changed: readonly string[]
}

/**
 * Records about paths in a file of JSON lines. The first line is the key: everything but the path that the records
 * depend on. Each record is appended when it is made, so that an interrupted run continues. A line torn by a kill is
 * dropped. So is a damaged line, with all after it.
 */
export class PathRecords<Entry extends { readonly path: Path }> {
  readonly #file: string | undefined
  readonly #lost: AbortSignal | undefined
  readonly #byPath = new Map<string, Entry>()
  #discarded: DiscardedRecords | undefined

  /** Has no records before {@link load}. */
  protected constructor(file: string | undefined, lost?: AbortSignal) {
    this.#file = file
    this.#lost = lost
  }

  /**
   * Reads a file, or starts a new one if it is missing or was made under another key. `lost` is aborted if the lock of
   * the run folder is lost. Then nothing is added to the file, which may have another key by then. Without a file,
   * records are in memory only.
   */
  static async read<Entry extends { readonly path: Path }>(
    file: string | undefined,
    key: object,
    lost?: AbortSignal,
  ): Promise<PathRecords<Entry>> {
    const records = new PathRecords<Entry>(file, lost)
    await records.load(key)
    return records
  }

  /** Reads the file, or starts a new one: see {@link read}. */
  protected async load(key: object): Promise<void> {
    if (this.#file === undefined) return
    const { header, lines, entries } = await contentOf<Entry>(this.#file)
    if (header !== JSON.stringify(key)) {
      if (lines.length > 0) this.#discarded = { records: lines.length, changed: changedFields(parsed(header), key) }
      await shorten(this.#file, 0)
      await append(this.#file, `${JSON.stringify(key)}\n`)
      return
    }
    for (const entry of entries) this.#byPath.set(entry.path.join(), entry)
    const left = lines.length - entries.length
    if (left > 0) this.#discarded = { records: left, changed: ['damage'] }
    await shorten(this.#file, Buffer.byteLength(`${[header, ...lines.slice(0, entries.length)].join('\n')}\n`))
  }

  /** Records of the file that were discarded; undefined if none were. */
  get discarded(): DiscardedRecords | undefined {
    return this.#discarded
  }

  /** The record of a path; undefined if there is none. */
  get(path: Path): Entry | undefined {
    return this.#byPath.get(path.join())
  }

  /** Adds a record in memory and at the end of the file. */
  async add(entry: Entry): Promise<void> {
    this.#lost?.throwIfAborted()
    this.#byPath.set(entry.path.join(), entry)
    if (this.#file !== undefined) await append(this.#file, `${JSON.stringify(entry)}\n`)
  }

  /** All records. */
  values(): IterableIterator<Entry> {
    return this.#byPath.values()
  }
}

/** Reads the key of a file, and its whole records; all of it is empty if there is no file. */
export async function readRecords<Entry extends { readonly path: Path }>(
  file: string | undefined,
): Promise<{ key: object; entries: Entry[] }> {
  if (file === undefined) return { key: {}, entries: [] }
  const { header, entries } = await contentOf<Entry>(file)
  return { key: parsed(header), entries }
}

/** First line, other lines, and the records in these up to a damaged one. */
async function contentOf<Entry extends { readonly path: Path }>(
  file: string,
): Promise<{ header: string; lines: string[]; entries: Entry[] }> {
  const text = await readText(file)
  // The text after the last line break is torn or empty.
  const complete = text.slice(0, text.lastIndexOf('\n') + 1)
  const [header = '', ...lines] = complete.split('\n').slice(0, -1)
  const entries = lines.map(parsed) as Entry[]
  const damaged = entries.findIndex(({ path }) => !Array.isArray(path))
  return { header, lines, entries: damaged < 0 ? entries : entries.slice(0, damaged) }
}

/** A damaged line is one without fields. */
function parsed(line: string): object {
  try {
    return Object(JSON.parse(line))
  } catch {
    return {}
  }
}
