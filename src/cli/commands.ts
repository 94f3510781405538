/**
 * The commands, in the order of the help. A command is loaded only if it is called, because loading all of them takes
 * longer than running most of them.
 */
import type { CommandModule } from 'yargs'

interface Command {
  /** Name and positional arguments, in yargs's syntax. */
  readonly command: string
  readonly describe: string
  /** Loads options and handler. */
  load(): Promise<Loaded>
}

/** Options differ by command; yargs gives a handler the options that its builder declared. */
// biome-ignore lint/suspicious/noExplicitAny: see above.
type Loaded = CommandModule<object, any>

const COMMANDS: readonly Command[] = [
  {
    command: 'search',
    describe: 'Train a supernet, rank its sub-models and (with settings of `finding`) find the best ones',
    load: async () => (await import('./commands/search.js')).searchCommand,
  },
  {
    command: 'train',
    describe: 'Train a supernet only; `rank` and `find` do the rest',
    load: async () => (await import('./commands/search.js')).trainCommand,
  },
  {
    command: 'rank [run]',
    describe: 'Rank the sub-models of a trained supernet',
    load: async () => (await import('./commands/search.js')).rankCommand,
  },
  {
    command: 'find [run]',
    describe: 'Find the best sub-models of a trained supernet, with limits on their cost',
    load: async () => (await import('./commands/search.js')).findCommand,
  },
  {
    command: 'retrain',
    describe: 'Train one architecture alone, from a recipe: the best one that a search found, or any other',
    load: async () => (await import('./commands/retrain.js')).retrainCommand,
  },
  {
    command: 'experiment [file]',
    describe: 'Compare many searches: gradient variance and rank correlation over seeds, as tables and figures',
    load: async () => (await import('./commands/experiment.js')).experimentCommand,
  },
  {
    command: 'infer',
    describe: 'Classify images, or compute the logits of paths on an array, with the weights of a checkpoint',
    load: async () => (await import('./commands/infer.js')).inferCommand,
  },
  {
    command: 'export [source]',
    describe: 'Export the weights of a supernet or of a path: to PyTorch, safetensors or (a path only) ONNX',
    load: async () => (await import('./commands/export.js')).exportCommand,
  },
  {
    command: 'import [source]',
    describe: 'Turn a checkpoint into a run folder, to rank, find, export or continue training',
    load: async () => (await import('./commands/import.js')).importCommand,
  },
  {
    command: 'config [file]',
    describe:
      'Print all settings of a search, or their JSON Schema for editors; list and copy the configurations of the package',
    load: async () => (await import('./commands/config.js')).configCommand,
  },
  {
    command: 'bench',
    describe: 'Benchmark training or evaluation of paths, with a breakdown by operation',
    load: async () => (await import('./commands/bench.js')).benchCommand,
  },
  {
    command: 'cost [paths..]',
    describe: 'Count parameters, multiply-adds and FLOPs of paths for one image; measure their latency',
    load: async () => (await import('./commands/cost.js')).costCommand,
  },
  {
    command: 'draw [source]',
    describe: 'Draw an architecture as SVG or PNG: a path, the best of a run, or the network of a retraining',
    load: async () => (await import('./commands/draw.js')).drawCommand,
  },
  {
    command: 'report [runs..]',
    describe: 'Write a report about runs or experiments as one HTML file, with figures and architectures',
    load: async () => (await import('./commands/report.js')).reportCommand,
  },
  {
    command: 'watch [folder]',
    describe: 'Show runs in the browser while they run: progress, curves, distributions of paths, results',
    load: async () => (await import('./commands/watch.js')).watchCommand,
  },
  {
    command: 'tensorboard [run]',
    describe: 'Write the curves, pictures and settings of a run as an event file of TensorBoard',
    load: async () => (await import('./commands/tensorboard.js')).tensorboardCommand,
  },
  {
    command: 'table [file]',
    describe: 'Show the contents of a ground-truth table of any format, and convert it to CSV or JSON',
    load: async () => (await import('./commands/table.js')).tableCommand,
  },
  {
    command: 'data [dir]',
    describe: 'Look at folders, tars and packed files of images: classes, sizes, damaged and equal images',
    load: async () => (await import('./commands/data.js')).dataCommand,
  },
  {
    command: 'pack [images]',
    describe: 'Pack the images of a split into one file, from which training reads them faster',
    load: async () => (await import('./commands/pack.js')).packCommand,
  },
  {
    command: 'setup',
    describe: 'Find or download libtorch and build the addon; other commands do this when needed',
    load: async () => (await import('./commands/setup.js')).setupCommand,
  },
  {
    command: 'doctor',
    describe: 'Show versions, libtorch, CPU, GPUs, and missing requirements',
    load: async () => (await import('./commands/doctor.js')).doctorCommand,
  },
]

/** Names of all commands. */
export const commandNames: readonly string[] = COMMANDS.map(nameOf)

/** All commands with their options. */
export function allCommands(): Promise<CommandModule[]> {
  return Promise.all(COMMANDS.map(async ({ command, describe, load }) => ({ ...(await load()), command, describe })))
}

/** The commands for yargs. Only commands that `args` name have their options; the others need none. */
export function commandsFor(args: readonly string[]): Promise<CommandModule[]> {
  return Promise.all(
    COMMANDS.map(async ({ command, describe, load }) => {
      const called = args.includes(nameOf({ command }))
      return { ...(called ? await load() : { handler: () => {} }), command, describe }
    }),
  )
}

function nameOf({ command }: Pick<Command, 'command'>): string {
  return command.split(' ')[0]
}
