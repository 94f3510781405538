/** A process that answers one line of JSON with another: scripts/bench/pytorch.py, or addon-worker.mjs. */
import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { UserError } from '../../dist/index.js'

const file = (name) => fileURLToPath(new URL(name, import.meta.url))

export function startAddon() {
  return new Worker('pada-native', process.execPath, [file('addon-worker.mjs')])
}

export function startPytorch(python) {
  return new Worker('PyTorch', python, ['-u', file('./pytorch.py')])
}

class Worker {
  #name
  #child
  #answers
  #complaints = ''
  #failure
  #end = () => this.#child.kill()

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

  /** One question at a time. Throws a UserError for an answer that is an error, and for none. */
  async ask(request) {
    this.#child.stdin.write(`${JSON.stringify(request)}\n`)
    const { done, value } = await this.#answers.next()
    const { error, ...answer } = done ? { error: this.#failure ?? this.#lastWords() } : JSON.parse(value)
    if (error === undefined) return answer
    throw new UserError(`Expected an answer of ${this.#name} to "${request.do}" but received: ${error}`)
  }

  /** Most memory that the process ever had resident; undefined where the system does not tell. */
  peakBytes() {
    try {
      const [, kilobytes] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${this.#child.pid}/status`, 'utf8'))
      return Number(kilobytes) * 1024
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
