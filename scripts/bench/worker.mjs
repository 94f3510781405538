/** A process that answers one line of JSON with another: scripts/bench/pytorch.py, or addon-worker.mjs. */
import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { UserError } from 'pada-native'

/**
 * What each question says besides its name, which is `do`. Without `network` and `image`, NAS-Bench-201's. From
 * `layout` on, only the PyTorch side reads it.
 *
 * @typedef {{
 *   open: {
 *     folder: string
 *     network?: import('./networks.mjs').NetworkName
 *     size: import('./networks.mjs').Size
 *     image?: import('pada-native').Shape
 *     threads: number
 *     device: import('pada-native').Device
 *     precision: import('pada-native').Precision
 *     batch: number
 *     layout?: string
 *     drop?: number
 *     clipNorm?: number
 *     measures?: boolean
 *     optimizer?: { lr: number, momentum: number, weight_decay: number }
 *   }
 *   check: { path: import('pada-native').Path }
 *   train: { path: import('pada-native').Path, steps: number, batch?: number }
 *   eval: { path: import('pada-native').Path, steps: number, batch?: number }
 *   memory: {}
 *   resident: {}
 * }} Requests
 */

/**
 * What is answered. Only the addon's side knows `resident`, and other batches than the one that it was opened with.
 *
 * @typedef {{
 *   open: { torch: string, threads: number, device: string | null }
 *   check: { loss: number, globalNorm: number }
 *   train: { seconds: number }
 *   eval: { seconds: number }
 *   memory: { gpuPeak: number | null }
 *   resident: { bytes: number }
 * }} Answers
 */

const file = (/** @type {string} */ name) => fileURLToPath(new URL(name, import.meta.url))

export function startAddon() {
  return new Worker('pada-native', process.execPath, [file('addon-worker.mjs')])
}

/** @param {string} python */
export function startPytorch(python) {
  return new Worker('PyTorch', python, ['-u', file('./pytorch.py')])
}

export class Worker {
  #name
  #child
  #answers
  #complaints = ''
  /** @type {string | undefined} */
  #failure
  #end = () => this.#child.kill()

  /**
   * @param {string} name
   * @param {string} command
   * @param {string[]} args
   */
  constructor(name, command, args) {
    this.#name = name
    this.#child = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'] })
    this.#child.on('error', ({ message }) => {
      this.#failure = message
    })
    process.once('exit', this.#end)
    // What it is told after it has died says nothing that `ask` does not.
    this.#child.stdin.on('error', () => {})
    this.#child.stderr.setEncoding('utf8').on('data', (text) => {
      this.#complaints = (this.#complaints + text).slice(-4_000)
    })
    this.#answers = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]()
  }

  /**
   * One question at a time. Throws a UserError for an answer that is an error, and for none.
   *
   * @template {keyof Answers} Question
   * @param {{ do: Question } & Requests[Question]} request
   * @returns {Promise<Answers[Question]>}
   */
  async ask(request) {
    this.#child.stdin.write(`${JSON.stringify(request)}\n`)
    const { done, value } = await this.#answers.next()
    const { error, ...answer } = done ? { error: this.#failure ?? this.#lastWords() } : JSON.parse(value)
    if (error === undefined) return answer
    throw new UserError(`Expected an answer of ${this.#name} to "${request.do}" but received: ${error}`)
  }

  /** Most memory that the process ever had resident; undefined if the system does not tell. */
  peakBytes() {
    try {
      const peak = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${this.#child.pid}/status`, 'utf8'))
      return peak === null ? undefined : Number(peak[1]) * 1024
    } catch {
      return undefined
    }
  }

  /** Resolves once the process, and with it its memory, is gone. */
  async stop() {
    process.off('exit', this.#end)
    if (this.#child.exitCode !== null || this.#child.signalCode !== null || this.#child.pid === undefined) return
    const gone = new Promise((resolve) => this.#child.once('exit', resolve))
    this.#child.kill()
    await gone
  }

  #lastWords() {
    const lines = this.#complaints.trim().split('\n')
    return lines.findLast((line) => /error/i.test(line)) ?? (lines.at(-1) || 'nothing, it has ended')
  }
}
