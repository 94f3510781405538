/** The methods that a configuration can name: one line each. */
import type { MethodConfig } from '../config/schema.js'
import { parsePath } from '../spaces/path.js'
import { Close } from './close/close.js'
import { Fairnas } from './fairnas.js'
import { MagicA } from './magic-a.js'
import { MagicT } from './magic-t.js'
import type { Method, MethodContext } from './method.js'
import { Pada } from './pada.js'
import { Spos } from './spos.js'
import { Standalone } from './standalone.js'
import { Sumnas } from './sumnas.js'

export { Close } from './close/close.js'
export { Fairnas } from './fairnas.js'
export { MagicA } from './magic-a.js'
export { MagicT } from './magic-t.js'
export type { Engine, Method, MethodContext, MethodState, StepOutcome, Verbs } from './method.js'
export { Pada } from './pada.js'
export { Spos } from './spos.js'
export { Standalone } from './standalone.js'
export { Sumnas } from './sumnas.js'

/** The configured method; throws a UserError where it does not fit the space. */
export function createMethod(config: MethodConfig, context: MethodContext): Method {
  switch (config.name) {
    case 'pada':
      return new Pada(config, context)
    case 'spos':
      return new Spos(config, context)
    case 'close':
      return new Close(config, context)
    case 'fairnas':
      return new Fairnas(config, context)
    case 'sumnas':
      return new Sumnas(config, context)
    case 'magic-t':
      return new MagicT(context)
    case 'magic-a':
      return new MagicA(config, context)
    case 'standalone': {
      const path = typeof config.path === 'string' ? parsePath(context.space, config.path) : config.path
      return new Standalone(path, context)
    }
  }
}
