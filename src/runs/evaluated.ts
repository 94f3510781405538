/**
 * The accuracies that a ranking has found so far, one JSON line each, appended as they come: an interrupted ranking
 * goes on where it stopped. A line torn by a kill is dropped.
 */
import type { EvaluateRecord } from '../native.js'
import type { Path } from '../spaces/space.js'
import { append, readText, shorten } from './files.js'

export interface Evaluation extends EvaluateRecord {
  readonly path: Path
  /** Time that it took. */
  readonly seconds: number
}

/** What the accuracies depend on, beside the path. Lines made under another key are of no use. */
export interface EvaluationKey {
  /** Position of training that the weights are of. */
  readonly epoch: number
  readonly step: number
  readonly batchSize: number
  readonly imageCount: number
}

export class EvaluatedPaths {
  readonly #file: string
  readonly #byPath = new Map<string, Evaluation>()

  private constructor(file: string) {
    this.#file = file
  }

  /** Reads the file, or starts it anew where it is missing or was made under another key. */
  static async open(file: string, key: EvaluationKey): Promise<EvaluatedPaths> {
    const evaluated = new EvaluatedPaths(file)
    const text = await readText(file)
    // What follows the last line break is torn, or empty.
    const complete = text.slice(0, text.lastIndexOf('\n') + 1)
    const [header, ...lines] = complete.split('\n').slice(0, -1)
    if (header !== JSON.stringify(key)) {
      await shorten(file, 0)
      await append(file, `${JSON.stringify(key)}\n`)
      return evaluated
    }
    await shorten(file, Buffer.byteLength(complete))
    for (const line of lines) {
      const evaluation = JSON.parse(line) as Evaluation
      evaluated.#byPath.set(evaluation.path.join(), evaluation)
    }
    return evaluated
  }

  get(path: Path): Evaluation | undefined {
    return this.#byPath.get(path.join())
  }

  async add(evaluation: Evaluation): Promise<void> {
    this.#byPath.set(evaluation.path.join(), evaluation)
    await append(this.#file, `${JSON.stringify(evaluation)}\n`)
  }

  /** Time spent on all evaluations. */
  get seconds(): number {
    let sum = 0
    for (const { seconds } of this.#byPath.values()) sum += seconds
    return sum
  }
}
