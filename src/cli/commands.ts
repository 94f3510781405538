/**
 * What commands there are, in the order of the help. Each is loaded when it is called, because what all of them import
 * takes longer to load than most take to run.
 */
import type { CommandModule } from 'yargs'

interface Command {
  /** Name and positional arguments, as yargs reads them. */
  readonly command: string
  readonly describe: string
  /** Options and handler. */
  load(): Promise<Loaded>
}

/** Options differ from command to command; yargs gives a handler those that its own builder declared. */
// biome-ignore lint/suspicious/noExplicitAny: see above.
type Loaded = CommandModule<object, any>

const COMMANDS: readonly Command[] = [
  {
    command: 'search',
    describe: 'Train a supernet, rank its sub-models and, if so configured, find the best ones',
    load: async () => (await import('./commands/search.js')).searchCommand,
  },
  {
    command: 'train',
    describe: 'Train a supernet only; `rank` and `find` do the rest',
    load: async () => (await import('./commands/train.js')).trainCommand,
  },
  {
    command: 'rank [run]',
    describe: 'Rank the sub-models of a trained supernet',
    load: async () => (await import('./commands/rank.js')).rankCommand,
  },
  {
    command: 'find [run]',
    describe: 'Search a trained supernet for its best sub-models, within limits of what they cost',
    load: async () => (await import('./commands/find.js')).findCommand,
  },
  {
    command: 'experiment [file]',
    describe: 'Compare many searches: gradient variance and rank correlation over seeds, as tables and figures',
    load: async () => (await import('./commands/experiment.js')).experimentCommand,
  },
  {
    command: 'infer',
    describe: 'Compute the logits of paths with the weights of a checkpoint',
    load: async () => (await import('./commands/infer.js')).inferCommand,
  },
  {
    command: 'export [source]',
    describe: 'Write the weights of a supernet, or of one path, for PyTorch, as safetensors or as an ONNX model',
    load: async () => (await import('./commands/export.js')).exportCommand,
  },
  {
    command: 'import [source]',
    describe: 'Make a run of the weights of a checkpoint, to rank, search, export or train on',
    load: async () => (await import('./commands/import.js')).importCommand,
  },
  {
    command: 'config [file]',
    describe: 'Print all settings of a search, or the JSON Schema that editors complete them from',
    load: async () => (await import('./commands/config.js')).configCommand,
  },
  {
    command: 'bench',
    describe: 'Measure how fast paths train or evaluate, and what the time is spent on',
    load: async () => (await import('./commands/bench.js')).benchCommand,
  },
  {
    command: 'cost [paths..]',
    describe: 'Count parameters, multiply-adds and FLOPs of paths, for one image; measure their latency',
    load: async () => (await import('./commands/cost.js')).costCommand,
  },
  {
    command: 'table [file]',
    describe: 'Show what is in a ground-truth table of any format, and convert it to CSV or JSON',
    load: async () => (await import('./commands/table.js')).tableCommand,
  },
  {
    command: 'setup',
    describe: 'Find or fetch libtorch and build the addon; other commands do it when needed',
    load: async () => (await import('./commands/setup.js')).setupCommand,
  },
  {
    command: 'doctor',
    describe: 'Show versions, libtorch, processors, GPUs and what is missing',
    load: async () => (await import('./commands/doctor.js')).doctorCommand,
  },
]

/** The commands as yargs takes them; those that `args` do not name lack their options, which nothing will ask for. */
export function commandsFor(args: readonly string[]): Promise<CommandModule[]> {
  return Promise.all(
    COMMANDS.map(async ({ command, describe, load }) => {
      const called = args.includes(command.split(' ')[0] as string)
      return { ...(called ? await load() : { handler: () => {} }), command, describe }
    }),
  )
}
