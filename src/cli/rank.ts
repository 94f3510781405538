import type { CommandModule, InferredOptionTypes } from 'yargs'
import { search } from '../index.js'
import { jsonOption, setOption } from './options.js'
import { savedConfig } from './run-folder.js'
import { run } from './work.js'

const options = {
  set: { ...setOption, describe: 'Change settings of the ranking: ranking.key=value …' },
  json: jsonOption,
} as const

export const rankCommand: CommandModule<object, InferredOptionTypes<typeof options> & { run?: string }> = {
  command: 'rank <run>',
  describe: 'Rank the sub-models of a trained supernet',
  builder: (yargs) =>
    yargs
      .positional('run', { type: 'string', demandOption: true, describe: 'Run folder of `train` or `search`' })
      .options(options),
  async handler({ run: folder, set, json }) {
    const config = await savedConfig(folder as string, { set, only: 'ranking' })
    await run({ config, json, start: (signal) => search(config, { resume: folder, signal, phases: ['rank'] }) })
  },
}
