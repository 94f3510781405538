/** The command `draw`: a picture of an architecture. */
import { join } from 'node:path'
import type { CommandModule, InferredOptionTypes } from 'yargs'
import { expected, UserError } from '../../base/errors.js'
import { exists } from '../../base/files.js'
import { expandPath } from '../../base/user-path.js'
import { type ConfigInput, parseConfig } from '../../config/index.js'
import { drawArchitecture } from '../../report/drawings/architecture.js'
import { checkPictureName, writePicture } from '../../report/write-picture.js'
import { configFile, isRetrainingRun, savedConfig, savedRetraining } from '../../runs/saved-settings.js'
import { createNetwork, createSpace, type Path, parsePath, type SearchSpace, SPACES } from '../../spaces/index.js'
import { bestOf } from '../best-of-run.js'
import { choice, givenSpace, jsonOption, onePath, oneText, setOption, whole } from '../options.js'
import { nameWithRemark } from '../output/replaced.js'

const options = {
  out: {
    type: 'string',
    requiresArg: true,
    demandOption: true,
    describe: 'File to write, .svg or .png',
    coerce: onePath('--out'),
  },
  space: {
    ...choice('--space', SPACES),
    describe: 'Search space of a path',
    defaultDescription: 'the one that knows the path',
  },
  set: { ...setOption, describe: 'Settings of the space of a path, with --space: space.key=value …' },
  top: {
    type: 'number',
    requiresArg: true,
    describe: 'With the run of a search: place in the list of found (or else ranked) sub-models',
    defaultDescription: '1, the best',
    coerce: (value: number) => whole('top', value),
  },
  json: jsonOption,
} as const

type Arguments = InferredOptionTypes<typeof options> & { source?: string }

/** An architecture to draw. */
interface Subject {
  readonly space: SearchSpace
  readonly path: Path
  /** Where it stands in a run; absent for a path, and for the network of a retraining. */
  readonly origin?: string
}

export const drawCommand: CommandModule<object, Arguments> = {
  builder: (yargs) =>
    yargs
      .positional('source', {
        type: 'string',
        describe:
          'Path, as numbers of options or in the notation of its space; or the run folder of a search or of a retraining',
        coerce: oneText('draw', 'a path or a run folder'),
      })
      .options(options),
  async handler(argv) {
    const { source, out, json } = argv
    if (source === undefined) throw expected('a path or a run folder', 'draw', 'none', 2)
    checkPictureName(out)
    const folder = expandPath(source, 'draw')
    const isRun = await exists(join(folder, 'config.yaml'))
    const subject = isRun ? await subjectOfRun(folder, argv) : await subjectOfPath(source, folder, argv)
    const { space, path, origin } = subject
    const drawn = await nameWithRemark(out)
    await writePicture(out, await drawArchitecture(space, path))
    const arch = space.encode(path)
    const result = { event: 'result', space: space.name, path, arch, ...(origin && { origin }), output: out }
    const lines = [`${space.name}: ${arch}${origin ? `, ${origin}` : ''}`, `Drawn in ${drawn}`]
    process.stdout.write(`${json ? JSON.stringify(result) : lines.join('\n')}\n`)
  },
}

/** The best architecture of a search's run, or the network of a retraining. */
async function subjectOfRun(folder: string, { space: name, set, top }: Arguments): Promise<Subject> {
  if (name !== undefined || set !== undefined) {
    throw new UserError(`Expected --space and --set for a path only but received them with the run ${folder}`, 2)
  }
  if (await isRetrainingRun(folder)) {
    if (top !== undefined) throw expected('a run of a search', '--top', `the retraining ${folder}`, 2)
    return { space: createNetwork((await savedRetraining(folder)).network), path: [] }
  }
  const config = await savedConfig(folder)
  const space = createSpace(config.space)
  const { arch, origin } = await bestOf(folder, config, { top, instead: 'rank or find first, or draw a path' })
  return { space, path: parsePath(space, arch), origin }
}

async function subjectOfPath(source: string, folder: string, argv: Arguments): Promise<Subject> {
  const { space: name, set, top } = argv
  if (top !== undefined) throw expected('a run of a search', '--top', `the path ${source}`, 2)
  if (name !== undefined) {
    const space = createSpace(parseConfig({ space: givenSpace({ space: name, set }) } as ConfigInput).space)
    return { space, path: parsePath(space, source) }
  }
  if (set !== undefined) throw new UserError('Expected --space with --set but received --set alone', 2)
  // A folder without settings is no run, and is told so.
  if (await exists(folder)) await configFile(folder)
  const [subject, ...others] = SPACES.flatMap((name) => readAs(name, source))
  if (subject === undefined) {
    const wanted = `a run folder or a path of ${SPACES.join(', ')}`
    throw new UserError(`Expected ${wanted} but received ${source}; --space NAME tells what is wrong with a path`, 2)
  }
  if (others.length === 0) return subject
  const names = [subject, ...others].map(({ space }) => space.name)
  throw new UserError(`Expected --space for the path ${source} of ${names.join(' or ')} but received none`, 2)
}

/** The path in a space of published size, if it is one. */
function readAs(name: (typeof SPACES)[number], text: string): Subject[] {
  const space = createSpace(parseConfig({ space: { name } }).space)
  try {
    return [{ space, path: parsePath(space, text) }]
  } catch (error) {
    if (error instanceof UserError) return []
    throw error
  }
}
