import { join } from 'node:path'
import type { CommandModule, InferredOptionTypes } from 'yargs'
import { expected, isAbort } from '../../base/errors.js'
import { experiment } from '../../experiment/run.js'
import { loadExperiment } from '../../experiment/settings.js'
import { ensureNativeFor } from '../native.js'
import { jsonOption, oneConfig, onePath, setOption } from '../options.js'
import { ExperimentReporter } from '../output/experiment.js'
import { onInterrupt } from '../signals.js'

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
  async handler({ file, set, report, json, ...argv }) {
    if (file === undefined) throw expected('a YAML file', 'experiment', 'none', 2)
    const plan = await loadExperiment(file, { set })
    const out = argv.out ?? join('experiments', plan.name)
    const reporter = new ExperimentReporter({ json })
    using interruption = onInterrupt((line) => reporter.say(line))
    const { signal } = interruption
    if (!report) {
      const device = plan.cells.map(({ config }) => config.device).find((device) => device !== 'cpu') ?? 'cpu'
      await ensureNativeFor({ device }, { log: (line) => reporter.say(line), signal })
    }
    try {
      for await (const event of experiment(plan, { out, reportOnly: report, signal })) reporter.event(event)
    } catch (error) {
      if (isAbort(error)) reporter.say(`Saved. Continue with: ${continuation(file, out, set)}`)
      throw error
    }
  },
}

/** The command that continues the experiment, quoted for a shell. */
function continuation(file: string, out: string, set: readonly string[] = []): string {
  const words = ['pada-native', 'experiment', file, '--out', out, ...(set.length > 0 ? ['--set', ...set] : [])]
  return words.map((word) => (/^[\w./:=,@%+-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`)).join(' ')
}
