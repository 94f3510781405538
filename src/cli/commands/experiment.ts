import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import type { CommandModule, InferredOptionTypes } from 'yargs'
import { expected, isAbort } from '../../base/errors.js'
import { shellCommand } from '../../base/shell.js'
import { placeOf } from '../../distributed/index.js'
import type { ExperimentEvent } from '../../experiment/events.js'
import { loadExperiment } from '../../experiment/load.js'
import { experiment } from '../../experiment/run.js'
import { isFirstProcess } from '../first-process.js'
import { runJobs } from '../jobs.js'
import { ensureNativeFor } from '../native.js'
import { jsonOption, oneConfig, onePath, processesOption, setOption, whole } from '../options.js'
import { ExperimentReporter } from '../output/experiment.js'
import { onInterrupt } from '../signals.js'
import { joinForCommand } from '../work.js'

/** Most jobs of a machine that has fewer processors. */
const FEWEST_MOST = 16

const options = {
  out: {
    type: 'string',
    requiresArg: true,
    describe: 'Folder of the experiment, new or to continue',
    defaultDescription: 'experiments/<name>',
    coerce: onePath('--out'),
  },
  set: { ...setOption, describe: "Change the experiment's keys, or settings of every search: key.of.setting=value …" },
  report: {
    type: 'boolean',
    default: false,
    describe: 'Run nothing; rebuild tables and figures from complete searches',
  },
  jobs: {
    type: 'number',
    requiresArg: true,
    describe: 'Searches at a time, each in a process of its own with its share of the cores',
    defaultDescription: '1',
    coerce: (value: number) => whole('jobs', value),
  },
  processes: processesOption,
  json: jsonOption,
} as const

export const experimentCommand: CommandModule<object, InferredOptionTypes<typeof options> & { file?: string }> = {
  builder: (yargs) =>
    yargs
      .positional('file', {
        type: 'string',
        describe: 'YAML file of the experiment, or the name of one in the package, such as first',
        coerce: oneConfig('experiment', 'experiments'),
      })
      .options(options),
  async handler({ file, set, report, jobs, processes, json, ...argv }) {
    if (file === undefined) throw expected('a YAML file', 'experiment', 'none', 2)
    if (report && processes !== undefined) throw expected('no --processes', '--report', `${processes}`, 2)
    if (jobs !== undefined) checkJobs(jobs, { report, processes })
    const plan = await loadExperiment(file, { set })
    const out = argv.out ?? join('experiments', plan.name)
    const reporter = new ExperimentReporter({ json })
    // Of several processes, the first speaks.
    const speaks = isFirstProcess()
    const log = (line: string) => speaks && reporter.say(line)
    using interruption = onInterrupt(log)
    const { signal } = interruption
    if (!report) {
      const device = plan.cells.map(({ config }) => config.device).find((device) => device !== 'cpu') ?? 'cpu'
      await ensureNativeFor({ device }, { log, signal })
    }
    const changes = set === undefined ? [] : ['--set', ...set]
    const words = (...more: string[]) => ['experiment', file, '--out', out, ...more, ...changes]
    if (jobs !== undefined && jobs > 1) {
      const event = (event: ExperimentEvent) => reporter.event(event)
      try {
        return await runJobs(jobs, words('--json'), { signal, event, say: log })
      } catch (error) {
        if (isAbort(error)) log(`Saved. Continue with: ${continuation(words('--jobs', `${jobs}`))}`)
        throw error
      }
    }
    await using world = report ? undefined : await joinForCommand(plan.cells[0].config, processes, { signal, log })
    try {
      for await (const event of experiment(plan, { out, reportOnly: report, signal, world })) {
        if (speaks) reporter.event(event)
      }
    } catch (error) {
      const by = processes === undefined ? [] : ['--processes', `${processes}`]
      if (isAbort(error)) log(`Saved. Continue with: ${continuation(words(...by))}`)
      throw error
    }
  },
}

/** Refuses jobs together with options of which one process has to do all, and more jobs than cores. */
function checkJobs(jobs: number, { report, processes }: { report: boolean; processes: number | undefined }): void {
  const place = placeOf(process.env)
  if (report) throw expected('no --jobs', '--report', `${jobs}`, 2)
  if (processes !== undefined) throw expected('--jobs or --processes', 'experiment', 'both', 2)
  if (place !== undefined) throw expected(`one job in each process of ${place.startedBy}`, '--jobs', `${jobs}`, 2)
  const most = Math.max(FEWEST_MOST, availableParallelism())
  if (jobs > most) throw expected(`at most ${most}, for the processors of this machine,`, '--jobs', `${jobs}`, 2)
}

/** The command that continues the experiment, quoted for a shell. */
function continuation(words: readonly string[]): string {
  return shellCommand('npx', 'pada-native', ...words)
}
