import type { CommandModule } from 'yargs'
import { search } from '../../search/search.js'
import { type RunOptions, runOptions } from '../options.js'
import { chooseRun } from '../run-folder.js'
import { run } from '../work.js'

export const searchCommand: CommandModule<object, RunOptions> = {
  builder: (yargs) => yargs.options(runOptions).conflicts('resume', 'out'),
  async handler(argv) {
    const { config, ...folder } = await chooseRun(argv)
    await run({
      config,
      json: argv.json,
      continuation: 'search --resume',
      start: (signal) => search(config, { ...folder, signal }),
    })
  },
}
