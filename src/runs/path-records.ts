import { append, readText, shorten } from '../base/files.js'
import type { Path } from '../spaces/space.js'

/**
 * What was found out about paths, one JSON line each below a line that says under which circumstances, appended as it
 * comes: an interrupted run goes on where it stopped. A line torn by a kill is dropped.
 */
export class PathRecords<Entry extends { readonly path: Path }> {
  readonly #file: string
  readonly #byPath = new Map<string, Entry>()

  /** Knows nothing before {@link load}. */
  protected constructor(file: string) {
    this.#file = file
  }

  /** Reads a file, or starts it anew where it is missing or was made under another key. */
  static async read<Entry extends { readonly path: Path }>(file: string, key: object): Promise<PathRecords<Entry>> {
    const records = new PathRecords<Entry>(file)
    await records.load(key)
    return records
  }

  /** Reads the file, or starts it anew: see {@link read}. */
  protected async load(key: object): Promise<void> {
    const text = await readText(this.#file)
    // What follows the last line break is torn, or empty.
    const complete = text.slice(0, text.lastIndexOf('\n') + 1)
    const [header, ...lines] = complete.split('\n').slice(0, -1)
    if (header !== JSON.stringify(key)) {
      await shorten(this.#file, 0)
      await append(this.#file, `${JSON.stringify(key)}\n`)
      return
    }
    await shorten(this.#file, Buffer.byteLength(complete))
    for (const line of lines) {
      const entry = JSON.parse(line) as Entry
      this.#byPath.set(entry.path.join(), entry)
    }
  }

  /** What is known of a path. */
  get(path: Path): Entry | undefined {
    return this.#byPath.get(path.join())
  }

  /** Keeps an entry, in memory and at the end of the file. */
  async add(entry: Entry): Promise<void> {
    this.#byPath.set(entry.path.join(), entry)
    await append(this.#file, `${JSON.stringify(entry)}\n`)
  }

  /** All that is known. */
  values(): IterableIterator<Entry> {
    return this.#byPath.values()
  }
}
