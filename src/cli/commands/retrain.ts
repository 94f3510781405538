/** The command `retrain`: trains one architecture alone. */
import type { CommandModule, InferredOptionTypes } from 'yargs'
import { retrain } from '../../retraining/retrain.js'
import { keyOption, onePath, oneText, prefixOption, runOptions, whole } from '../options.js'
import { chooseRetraining } from '../retraining.js'
import { run } from '../work.js'

const source = (name: string, describe: string) =>
  ({ type: 'string', requiresArg: true, describe, coerce: onePath(name) }) as const

const lower = (text: string) => text[0].toLowerCase() + text.slice(1)

const options = {
  ...runOptions,
  config: {
    ...runOptions.config,
    describe: 'YAML file with the recipe, or the name of one in the package (npx pada-native config --list)',
    defaultDescription: "the recipe of RUN's space",
  },
  out: { ...runOptions.out, defaultDescription: 'runs/<name>-<space>-seed<seed>-<time>' },
  from: source('--from', 'Run of a search whose best sub-model is trained, on its data'),
  path: {
    type: 'string',
    requiresArg: true,
    describe: 'Architecture to train, as numbers of options or in the notation of its space',
    coerce: oneText('--path'),
  },
  top: {
    type: 'number',
    requiresArg: true,
    describe: 'With --from: place in the list of found (or else ranked) sub-models',
    defaultDescription: '1, the best',
    coerce: (value: number) => whole('top', value),
  },
  inherit: {
    type: 'boolean',
    default: false,
    describe: "With --from: start from the supernet's weights, in a network of its size",
  },
  init: source('--init', 'File or run folder with weights of the network to start from'),
  key: { ...keyOption, describe: `With --init: ${lower(keyOption.describe)}` },
  prefix: { ...prefixOption, describe: `With --init: ${lower(prefixOption.describe)}` },
} as const

export const retrainCommand: CommandModule<object, InferredOptionTypes<typeof options>> = {
  builder: (yargs) =>
    yargs.options(options).conflicts('resume', ['out', 'from', 'path', 'init']).conflicts('top', 'path'),
  async handler(argv) {
    const { config, check, notes: first = [], ...places } = await chooseRetraining(argv)
    const notes = [...first]
    await run({
      config,
      json: argv.json,
      processes: argv.processes,
      notes,
      continuation: 'retrain --resume',
      async *start(signal, world) {
        notes.push(...((await check?.()) ?? []))
        yield* retrain(config, { ...places, signal, world })
      },
    })
  },
}
