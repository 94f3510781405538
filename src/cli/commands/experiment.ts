import { join } from 'node:path'
import type { CommandModule, InferredOptionTypes } from 'yargs'
import { expected, isAbort } from '../../base/errors.js'
import { shellCommand } from '../../base/shell.js'
import { checkProcessCount, placeOf } from '../../distributed/index.js'
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
    describe: 'Run nothing; rebuild tables and figures from complete searches. Not with --jobs or --processes',
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
      .options(options)
      .conflicts('jobs', 'processes'),
  async handler({ file, set, report, jobs, processes, json, ...argv }) {
    if (file === undefined) throw expected('a YAML file', 'experiment', 'none', 2)
    if (report && processes !== undefined) throw expected('no --processes', '--report', `${processes}`, 2)
    if (jobs !== undefined) checkJobs(jobs, report)
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
    let begun = false
    const take = (event: ExperimentEvent) => {
      begun = true
      if (speaks) reporter.event(event)
    }
    try {
      if (jobs !== undefined && jobs > 1) {
        await runJobs(jobs, words('--json'), { signal, event: take, say: log })
        return
      }
      await using world = report ? undefined : await joinForCommand(plan.cells[0].config, processes, { signal, log })
      // Jobs start together, but one may fail while another still prepares.
      const since = new Date(performance.timeOrigin)
      for await (const event of experiment(plan, { out, reportOnly: report, signal, world, since })) take(event)
    } catch (error) {
      const together = Object.entries({ jobs, processes }).filter(([, count]) => count !== undefined)
      const again = words(...together.flatMap(([name, count]) => [`--${name}`, `${count}`]))
      if (isAbort(error) && begun) log(`Saved. Continue with: ${shellCommand('npx', 'pada-native', ...again)}`)
      throw error
    }
  },
}

/** Refuses jobs where one process has to do all, and far more jobs than cores. */
function checkJobs(jobs: number, report: boolean): void {
  const place = placeOf(process.env)
  if (report) throw expected('no --jobs', '--report', jobs, 2)
  if (place !== undefined) throw expected(`one job in each process of ${place.startedBy}`, '--jobs', jobs, 2)
  checkProcessCount('--jobs', jobs)
}
