import { join } from 'node:path'
import type { CommandModule, InferredOptionTypes } from 'yargs'
import { expected, isAbort } from '../../base/errors.js'
import { shellCommand } from '../../base/shell.js'
import { loadExperiment } from '../../experiment/load.js'
import { experiment } from '../../experiment/run.js'
import { isFirstProcess } from '../first-process.js'
import { ensureNativeFor } from '../native.js'
import { jsonOption, oneConfig, onePath, processesOption, setOption } from '../options.js'
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
    describe: 'Run nothing; rebuild tables and figures from complete searches',
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
  async handler({ file, set, report, processes, json, ...argv }) {
    if (file === undefined) throw expected('a YAML file', 'experiment', 'none', 2)
    if (report && processes !== undefined) throw expected('no --processes', '--report', `${processes}`, 2)
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
    await using world = report ? undefined : await joinForCommand(plan.cells[0].config, processes, { signal, log })
    try {
      for await (const event of experiment(plan, { out, reportOnly: report, signal, world })) {
        if (speaks) reporter.event(event)
      }
    } catch (error) {
      if (isAbort(error)) log(`Saved. Continue with: ${continuation(file, out, set, processes)}`)
      throw error
    }
  },
}

/** The command that continues the experiment, quoted for a shell. */
function continuation(file: string, out: string, set: readonly string[] = [], processes?: number): string {
  const words = ['npx', 'pada-native', 'experiment', file, '--out', out]
  if (processes !== undefined) words.push('--processes', `${processes}`)
  if (set.length > 0) words.push('--set', ...set)
  return shellCommand(...words)
}
