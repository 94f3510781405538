import type { Config } from '../config/index.js'
import { ensureNativeFor } from './native.js'
import { DamageNews } from './output/images.js'
import type { ReportedEvent } from './output/reporter.js'
import { createReporter } from './output/reporter.js'
import { isAbort, onInterrupt } from './signals.js'

export interface Work {
  readonly config: Pick<Config, 'device' | 'logging'>
  readonly json: boolean
  /** Lines to say first. */
  readonly notes?: readonly string[]
  /** Lines to say after the result. */
  readonly hints?: readonly string[]
  /** The command that continues this work in its run folder after an interruption. */
  readonly continuation: 'search --resume' | 'train --resume' | 'rank' | 'find' | 'retrain --resume'
  /** Starts the work, which saves itself and throws an AbortError when the signal aborts. */
  start(signal: AbortSignal): AsyncGenerator<ReportedEvent>
}

/** Sets up the addon, then runs a search or some of its phases and reports the events. Ctrl-C interrupts all of it. */
export async function run(work: Work): Promise<void> {
  using reporter = createReporter({ json: work.json })
  using interruption = onInterrupt((line) => reporter.say(line))
  const { signal } = interruption
  for (const note of work.notes ?? []) reporter.say(note)
  await ensureNativeFor(work.config, { log: (line) => reporter.say(line), signal })
  let folder: string | undefined
  const damage = new DamageNews()
  try {
    for await (const event of work.start(signal)) {
      if (event.event === 'start') folder = event.run
      if (event.event === 'epoch') for (const line of damage.news(event)) reporter.say(line)
      reporter.event(event)
    }
    if (folder !== undefined && work.config.logging.tensorboard) {
      const { appendPictures } = await import('../report/tensorboard.js')
      await appendPictures(folder)
    }
    for (const hint of work.hints ?? []) reporter.say(hint)
  } catch (error) {
    if (isAbort(error) && folder !== undefined)
      reporter.say(`Saved. Continue with: pada-native ${work.continuation} ${folder}`)
    throw error
  }
}
