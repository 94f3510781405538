/** The methods that a configuration can name, with one entry each. */
import { expected } from '../base/errors.js'
import { METHODS, type MethodConfig } from '../config/methods.js'
import type { Tensor } from '../formats/safetensors.js'
import { parsePath } from '../spaces/path.js'
import type { SearchSpace } from '../spaces/space.js'
import { Close } from './close/close.js'
import { closeTrainedSpace } from './close/space.js'
import { Fairnas } from './fairnas.js'
import { MagicA } from './magic-a.js'
import { MagicT } from './magic-t.js'
import type { Method, MethodContext, TrainedSpace } from './method.js'
import { Pada } from './pada.js'
import { Spos } from './spos.js'
import { Standalone } from './standalone.js'
import { Sumnas } from './sumnas.js'

export { Close } from './close/close.js'
export { Fairnas } from './fairnas.js'
export { MagicA } from './magic-a.js'
export { MagicT } from './magic-t.js'
export type { Engine, Method, MethodContext, MethodState, StepOutcome, TrainedSpace, Verbs } from './method.js'
export { Pada } from './pada.js'
export { Spos } from './spos.js'
export { Standalone } from './standalone.js'
export { Sumnas } from './sumnas.js'

/** Facts about a method that are known without creating it. */
interface MethodEntry<Settings> {
  /** Name as in the literature. */
  readonly label: string
  /** Throws a UserError if the method does not fit the space. */
  create(settings: Settings, context: MethodContext): Method
  /** For a method with weights of its own: `space` with those among `weights`. Undefined if there are none. */
  trainedSpace?(space: SearchSpace, weights: ReadonlyMap<string, Tensor>): TrainedSpace | undefined
}

type MethodName = MethodConfig['name']

const ENTRIES: { readonly [Name in MethodName]: MethodEntry<Extract<MethodConfig, { name: Name }>> } = {
  pada: { label: 'PA&DA', create: (settings, context) => new Pada(settings, context) },
  spos: { label: 'SPOS', create: (settings, context) => new Spos(settings, context) },
  close: {
    label: 'CLOSE',
    create: (settings, context) => new Close(settings, context),
    trainedSpace: closeTrainedSpace,
  },
  fairnas: { label: 'FairNAS', create: (settings, context) => new Fairnas(settings, context) },
  sumnas: { label: 'SUMNAS', create: (settings, context) => new Sumnas(settings, context) },
  'magic-t': { label: 'MAGIC-T', create: (_, context) => new MagicT(context) },
  'magic-a': { label: 'MAGIC-A', create: (settings, context) => new MagicA(settings, context) },
  standalone: {
    label: 'standalone',
    create({ path }, context) {
      return new Standalone(typeof path === 'string' ? parsePath(context.space, path) : path, context)
    },
  },
}

/** Names of the methods as in the literature. */
export const METHOD_LABELS: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries(ENTRIES).map(([name, { label }]) => [name, label]),
)

/** Creates the configured method. Throws a UserError if it does not fit the space. */
export function createMethod(config: MethodConfig, context: MethodContext): Method {
  const { name } = config
  // JavaScript may pass any name.
  if (!Object.hasOwn(ENTRIES, name)) {
    throw expected(METHODS.join(', '), 'method.name', `"${name}"`, 2)
  }
  const entry: MethodEntry<never> = ENTRIES[name]
  return entry.create(config as never, context)
}

/** The space with the own weights that a method left among `weights`; `space` itself if no method left any. */
export function trainedSpace(space: SearchSpace, weights: ReadonlyMap<string, Tensor>): TrainedSpace {
  for (const entry of Object.values<MethodEntry<never>>(ENTRIES)) {
    const trained = entry.trainedSpace?.(space, weights)
    if (trained !== undefined) return trained
  }
  return { space, own: new Set() }
}
