import type { CommandModule, InferredOptionTypes } from 'yargs'
import { UserError } from '../../base/errors.js'
import { search } from '../../search/search.js'
import { jsonOption, onePath, setOption } from '../options.js'
import { configToRank } from '../run-folder.js'
import { run } from '../work.js'

const options = {
  set: { ...setOption, describe: 'Change settings: ranking.key=value … groundTruth.key=value …' },
  json: jsonOption,
} as const

export const rankCommand: CommandModule<object, InferredOptionTypes<typeof options> & { run?: string }> = {
  builder: (yargs) =>
    yargs
      .positional('run', { type: 'string', describe: 'Run folder of `train` or `search`', coerce: onePath('rank') })
      .options(options),
  async handler({ run: folder, set, json }) {
    if (folder === undefined) throw new UserError('Expected a run folder for rank but received none', 2)
    const config = await configToRank(folder, set)
    await run({
      config,
      json,
      continuation: 'rank',
      start: (signal) => search(config, { resume: folder, signal, phases: ['rank'] }),
    })
  },
}
