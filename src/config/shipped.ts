/** Configurations that the package ships, in `configs/`: found by name, listed, copied. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { packageRoot } from '../base/folders.js'

const FOLDER = join(packageRoot, 'configs')
/** Folder of the files of experiments, within the one of all files. */
const EXPERIMENTS = 'experiments'

/** A configuration of the package. */
export interface ShippedConfig {
  /** Name for `--config`: the file's place in `configs/`, without `.yaml`. */
  readonly name: string
  readonly file: string
  /** Command that takes the file. */
  readonly command: 'search' | 'retrain' | 'experiment'
  /** First sentence of the comment at its top. */
  readonly about: string
}

/** All configurations of the package: of searches, of retrainings, of experiments. */
export function shippedConfigs(): ShippedConfig[] {
  const all = [...namesIn(''), ...namesIn(EXPERIMENTS)].map((name): ShippedConfig => {
    const file = join(FOLDER, `${name}.yaml`)
    return { name, file, command: commandOf(name), about: firstSentence(readFileSync(file, 'utf8')) }
  })
  const of = (command: ShippedConfig['command']) => all.filter((config) => config.command === command)
  return [...of('search'), ...of('retrain'), ...of('experiment')]
}

/**
 * The configuration that a user names: a path, or the name of one of the package, with or without `.yaml`. A path that
 * exists comes first. A name that is neither stays as it is.
 *
 * @param base Folder that a relative path starts from.
 * @param folder Folder of the package's files that is looked into first.
 */
export function findConfig(name: string, { base = '.', folder = '' } = {}): string {
  const path = resolve(base, name)
  if (existsSync(path) && !statSync(path).isDirectory()) return base === '.' ? name : path
  return shippedConfig(name, folder) ?? (base === '.' ? name : path)
}

/** The file of a configuration of the package, by its name; undefined if none has it. */
export function shippedConfig(name: string, folder = ''): string | undefined {
  const bare = name.replace(/\.yaml$/, '')
  const known = [...namesIn(folder), ...namesIn(''), ...namesIn(EXPERIMENTS)]
  const shipped = [`${folder}/${bare}`, bare].find((candidate) => known.includes(candidate))
  return shipped === undefined ? undefined : join(FOLDER, `${shipped}.yaml`)
}

/** The text of a configuration of the package for another place: editors find its schema from there. */
export function copyOfShipped(file: string, place: string): string {
  const from = dirname(resolve(place))
  return readFileSync(file, 'utf8').replace(
    /(\$schema=)(\S+)/,
    (_, key, schema) => key + relative(from, join(dirname(file), schema)).replaceAll('\\', '/'),
  )
}

function namesIn(folder: string): string[] {
  return readdirSync(join(FOLDER, folder))
    .filter((name) => name.endsWith('.yaml'))
    .map((name) => join(folder, name.slice(0, -'.yaml'.length)))
}

function commandOf(name: string): ShippedConfig['command'] {
  if (dirname(name) === EXPERIMENTS) return 'experiment'
  return name.startsWith('retrain-') ? 'retrain' : 'search'
}

/** The first sentence of the comment; the line before it names the schema. */
function firstSentence(text: string): string {
  const lines = text.split('\n').slice(1)
  const comment = lines.slice(
    0,
    lines.findIndex((line) => !line.startsWith('#')),
  )
  const words = comment.map((line) => line.slice(1).trim()).join(' ')
  return /^.*?[.?](?= |$)/.exec(words)?.[0] ?? words
}
