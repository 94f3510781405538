/** The commands that run a search or one of its phases: `search`, `train`, `rank` and `find`. */
import type { CommandModule, InferredOptionTypes } from 'yargs'
import { expected } from '../../base/errors.js'
import { type Config, EMBEDDED } from '../../config/index.js'
import type { Phase } from '../../search/events.js'
import { search } from '../../search/search.js'
import { jsonOption, onePath, processesOption, type RunOptions, runOptions, setOption } from '../options.js'
import { chooseRun, configToFind, configToRank, FIND_GROUPS, MOVED, RANK_GROUPS } from '../run-folder.js'
import { repeated, run } from '../work.js'

export const searchCommand = newRun('search')
export const trainCommand = newRun('train', ['train'])
export const rankCommand = trainedRun('rank', RANK_GROUPS, configToRank)
export const findCommand = trainedRun('find', FIND_GROUPS, configToFind)

/** How to see the default search beside the same with uniform sampling. */
const BESIDE_IT = 'Beside uniform sampling (SPOS), three seeds each: npx pada-native experiment first'

/** A command that starts a run or continues it. */
function newRun(name: 'search' | 'train', phases?: readonly Phase[]): CommandModule<object, RunOptions> {
  return {
    builder: (yargs) => yargs.options(runOptions).conflicts('resume', 'out'),
    async handler(argv) {
      const { config, notes, ...folder } = await chooseRun(argv)
      await run({
        config,
        json: argv.json,
        processes: argv.processes,
        notes,
        hints:
          name === 'search' && argv.config === undefined && config.groundTruth?.file === EMBEDDED ? [BESIDE_IT] : [],
        continuation: `${name} --resume`,
        repeat: argv.resume === undefined ? [] : repeated(argv),
        start: (signal, world) => search(config, { ...folder, signal, world, phases }),
      })
    },
  }
}

/** A command that runs one phase on a trained run, and may change the settings of `groups`, and of the place of images. */
function trainedRun(
  name: 'rank' | 'find',
  groups: readonly string[],
  configOf: (run: string, set?: string[]) => Promise<Config>,
) {
  const changes = groups.map((group) => `${group}.key=value …`).join(' ')
  const options = {
    set: { ...setOption, describe: `Change settings: ${changes} ${MOVED}=… (if images have moved)` },
    processes: processesOption,
    json: jsonOption,
  } as const
  const command: CommandModule<object, InferredOptionTypes<typeof options> & { run?: string }> = {
    builder: (yargs) =>
      yargs
        .positional('run', { type: 'string', describe: 'Run folder of `train` or `search`', coerce: onePath(name) })
        .options(options),
    async handler({ run: folder, set, processes, json }) {
      if (folder === undefined) throw expected('a run folder', name, 'none', 2)
      const config = await configOf(folder, set)
      await run({
        config,
        json,
        processes,
        continuation: name,
        repeat: repeated({ set }),
        start: (signal, world) => search(config, { resume: folder, signal, world, phases: [name] }),
      })
    },
  }
  return command
}
