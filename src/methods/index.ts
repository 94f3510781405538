/** The methods that a configuration can name: an entry each. */
import { UserError } from '../base/errors.js'
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

/** What is known of a method without making one. */
interface MethodEntry<Settings> {
  /** How the literature writes its name. */
  readonly label: string
  /** Throws a UserError if the method does not fit the space. */
  create(settings: Settings, context: MethodContext): Method
  /** For a method with weights of its own: the space that they make of `space`. Undefined if `weights` has none of them. */
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

/** How the literature writes the names of the methods. */
export const METHOD_LABELS: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries(ENTRIES).map(([name, { label }]) => [name, label]),
)

/** The configured method; throws a UserError where it does not fit the space. */
export function createMethod(config: MethodConfig, context: MethodContext): Method {
  const { name } = config
  // JavaScript may pass any name.
  if (!Object.hasOwn(ENTRIES, name)) {
    throw new UserError(`Expected ${METHODS.join(', ')} for method.name but received "${name}"`, 2)
  }
  const entry: MethodEntry<never> = ENTRIES[name]
  return entry.create(config as never, context)
}

/** The space with the weights of its own that any method left among `weights`; `space` itself if none did. */
export function trainedSpace(space: SearchSpace, weights: ReadonlyMap<string, Tensor>): TrainedSpace {
  for (const entry of Object.values<MethodEntry<never>>(ENTRIES)) {
    const trained = entry.trainedSpace?.(space, weights)
    if (trained !== undefined) return trained
  }
  return { space, own: new Set() }
}
