/** The command `tensorboard`: the curves, histograms, pictures and settings of a run for TensorBoard. */
import type { CommandModule, InferredOptionTypes } from 'yargs'
import { expected } from '../../base/errors.js'
import { readRun } from '../../report/run-record.js'
import { writeTensorboard } from '../../report/tensorboard.js'
import { jsonOption, onePath } from '../options.js'

const options = {
  out: {
    type: 'string',
    requiresArg: true,
    demandOption: true,
    describe: 'Folder of the event file; a folder per run, below one that TensorBoard is shown',
    coerce: onePath('--out'),
  },
  json: jsonOption,
} as const

type Arguments = InferredOptionTypes<typeof options> & { run?: string }

export const tensorboardCommand: CommandModule<object, Arguments> = {
  builder: (yargs) =>
    yargs
      .positional('run', {
        type: 'string',
        describe: 'Run folder of a search or of a retraining',
        coerce: onePath('tensorboard'),
      })
      .options(options),
  async handler({ run, out, json }) {
    if (run === undefined) throw expected('a run folder', 'tensorboard', 'none', 2)
    const output = await writeTensorboard(run, out)
    for (const note of (await readRun(run)).notes) process.stderr.write(`${note}\n`)
    process.stdout.write(`${json ? JSON.stringify({ event: 'result', run, output }) : `Written ${output}`}\n`)
  },
}
