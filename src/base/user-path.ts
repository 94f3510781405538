/** Paths as users write them in settings and options, where no shell has replaced `~` and `$NAME`. */
import { existsSync } from 'node:fs'
import { isAbsolute } from 'node:path'
import { homeFolder, variable } from './environment.js'
import { expected } from './errors.js'

/**
 * Replaces `~` at the beginning by the home folder, and `$NAME` and `${NAME}` by environment variables. An absolute path
 * that exists comes back as it is: a `$` in the name of a folder is no variable.
 *
 * @param name The option or setting, for the message.
 * @throws UserError with exit code 2 for a variable that is not set, a home folder that is not known, and `~user`.
 */
export function expandPath(path: string, name: string): string {
  if (isAbsolute(path) && existsSync(path)) return path
  return expandHome(path, name).replace(/\$(?:\{(\w+)\}|([A-Za-z_]\w*))/g, (written, braced, bare) => {
    const value = variable(braced ?? bare)
    if (value === undefined) throw expected('a variable that is set', name, `${written} in "${path}"`, 2)
    return value
  })
}

/** Paths that {@link expandOnce} has made. */
const made = new Set<string>()

/**
 * The path that `make` makes of an expanded one, such as an absolute one. A path that was made so, and an absolute one
 * that exists, come back as they are.
 *
 * @throws UserError as {@link expandPath}, and what `make` throws.
 */
export function expandOnce(path: string, name: string, make: (expanded: string) => string): string {
  if (made.has(path) || (isAbsolute(path) && existsSync(path))) return path
  const result = make(expandPath(path, name))
  made.add(result)
  return result
}

function expandHome(path: string, name: string): string {
  const match = /^~([^/\\]*)/.exec(path)
  if (match === null) return path
  if (match[1] !== '') throw expected('the path of the folder', name, `"${path}", which only a shell expands`, 2)
  const home = homeFolder()
  if (home === undefined) throw expected('a path without ~', name, `"${path}", and this user has no home folder`, 2)
  return home + path.slice(1)
}
