/** Finds and loads the compiled addon, once. */
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { UserError } from '../base/errors.js'
import { addonPath, buildFolders } from '../base/folders.js'
import { currentBuild } from '../setup/stamp.js'
import type { Binding } from './index.js'

let binding: Binding | undefined

/** The addon's exports. Throws a {@link UserError} that says what to do when it is not built or does not load. */
export function loadBinding(): Binding {
  binding ??= load(candidates())
  return binding
}

/** Where there are several, the fresh one is first: an administrator's may be for another libtorch. */
function candidates(): string[] {
  const built = buildFolders().map(addonPath).filter(existsSync)
  const fresh = built.length > 1 ? currentBuild()?.addon : undefined
  return fresh === undefined ? built : [fresh, ...built.filter((path) => path !== fresh)]
}

function load(paths: readonly string[]): Binding {
  const require = createRequire(import.meta.url)
  const failures: string[] = []
  for (const path of paths) {
    try {
      return require(path) as Binding
    } catch (error) {
      failures.push(`${path}: ${(error as Error).message}`)
    }
  }
  const found = failures.length === 0 ? 'none was built' : `it does not load (${failures.join('; ')})`
  throw new UserError(
    `Expected the native addon but ${found}; run \`npx pada-native setup\`, or await ensureNative() first`,
  )
}
