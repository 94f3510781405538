/** Finds and loads the compiled addon, once. */
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { UserError } from './errors.js'
import type { Binding } from './native.js'
import { addonPath, buildFolders } from './setup/folders.js'

let binding: Binding | undefined

/** The addon's exports. Throws a {@link UserError} that says what to do when it is not built or does not load. */
export function loadBinding(): Binding {
  binding ??= load(buildFolders().map(addonPath))
  return binding
}

function load(candidates: readonly string[]): Binding {
  const require = createRequire(import.meta.url)
  const failures: string[] = []
  for (const path of candidates.filter((candidate) => existsSync(candidate))) {
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
