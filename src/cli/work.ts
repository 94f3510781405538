import { isAbort } from '../base/errors.js'
import { shellCommand } from '../base/shell.js'
import type { Config } from '../config/index.js'
import { joinProcesses, type World } from '../distributed/index.js'
import { isFirstProcess } from './first-process.js'
import { ensureNativeFor } from './native.js'
import { createReporter } from './output/create-reporter.js'
import { DamageNews } from './output/images.js'
import type { ReportedEvent, Reporter } from './output/reporter.js'
import { onInterrupt } from './signals.js'

export interface Work {
  readonly config: Pick<Config, 'device' | 'logging' | 'distributed'>
  readonly json: boolean
  /** Value of `--processes`. */
  readonly processes: number | undefined
  /** Lines to say at the first event of the work, which may add to them before; none of work that is refused. */
  readonly notes?: readonly string[]
  /** Lines to say after the result. */
  readonly hints?: readonly string[]
  /** The command that continues this work in its run folder after an interruption. */
  readonly continuation: 'search --resume' | 'train --resume' | 'rank' | 'find' | 'retrain --resume'
  /** Options that the continuation has to repeat: see {@link repeated}. Default: none. */
  readonly repeat?: readonly string[]
  /**
   * Starts the work, which saves itself and throws an AbortError when the signal aborts. `world`: the processes that do
   * it together.
   */
  start(signal: AbortSignal, world: World | undefined): AsyncGenerator<ReportedEvent>
}

/** Sets up the addon, then runs a search or some of its phases and reports the events. Ctrl-C interrupts all of it. */
export async function run(work: Work): Promise<void> {
  // Of several processes, the first speaks.
  using reporter = isFirstProcess() ? createReporter({ json: work.json }) : SILENT
  using interruption = onInterrupt((line) => reporter.say(line))
  const { signal } = interruption
  await ensureNativeFor(work.config, { log: (line) => reporter.say(line), signal })
  const log = (line: string) => reporter.say(line)
  await using world = await joinForCommand(work.config, work.processes, { signal, log })
  let folder: string | undefined
  const damage = new DamageNews()
  let notes = work.notes ?? []
  try {
    for await (const event of work.start(signal, world)) {
      for (const note of notes) reporter.say(note)
      notes = []
      if (event.event === 'start') folder = event.run
      if ('damaged' in event) for (const line of damage.news(event)) reporter.say(line)
      reporter.event(event)
    }
    if (folder !== undefined && work.config.logging.tensorboard && world?.isFirst !== false) {
      const { appendPictures } = await import('../report/tensorboard.js')
      await appendPictures(folder)
    }
    for (const hint of work.hints ?? []) reporter.say(hint)
  } catch (error) {
    if (isAbort(error) && folder !== undefined) {
      const together = work.processes === undefined ? [] : ['--processes', `${work.processes}`]
      const options = shellCommand(folder, ...(work.repeat ?? []), ...together)
      reporter.say(`Saved. Continue with: npx pada-native ${work.continuation} ${options}`)
    }
    throw error
  }
}

/**
 * The options with which a run was opened again. Its `config.yaml` does not have their settings before its results are
 * of them.
 */
export function repeated({ config, set = [] }: { config?: string; set?: readonly string[] }): string[] {
  return [...(config === undefined ? [] : ['--config', config]), ...(set.length === 0 ? [] : ['--set', ...set])]
}

/** The processes that a command is run by, if there are several. */
export function joinForCommand(
  { distributed }: Pick<Config, 'distributed'>,
  processes: number | undefined,
  { signal, log }: { readonly signal: AbortSignal; log(line: string): void },
): Promise<World | undefined> {
  const { startSeconds, silenceSeconds: silence, patienceSeconds: patience } = distributed
  return joinProcesses({ processes, startSeconds, silence, patience, signal, log })
}

const SILENT: Reporter = { say() {}, event() {}, [Symbol.dispose]() {} }
