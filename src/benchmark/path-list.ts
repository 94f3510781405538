import { readFile } from 'node:fs/promises'
import { expected, UserError } from '../base/errors.js'
import { whyUnreadable } from '../base/files.js'
import type { RandomStream } from '../base/random.js'
import { PathSampler } from '../sampling/paths.js'
import { type Path, parsePath, type SearchSpace } from '../spaces/index.js'

/**
 * Reads the paths of a file, one per line, as operation indices (`3,0,1,…`) or in the space's notation. Skips blank
 * lines and lines that begin with `#`.
 *
 * @throws UserError with exit code 2 if there is no path, or if a line is no path of the space; it names the first.
 */
export async function readPathList(file: string, space: SearchSpace): Promise<Path[]> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw expected('a readable file of paths', file, whyUnreadable(error), 2)
  })
  return parsePathList(text, file, space)
}

/** Parses the text of a path list, see {@link readPathList}; errors call it `source`. */
export function parsePathList(text: string, source: string, space: SearchSpace): Path[] {
  const paths: Path[] = []
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (line.trim() === '' || line.startsWith('#')) continue
    try {
      paths.push(parsePath(space, line))
    } catch (error) {
      if (!(error instanceof UserError)) throw error
      throw new UserError(`${source}, line ${index + 1}: ${error.message}`, 2)
    }
  }
  if (paths.length === 0) throw expected('at least one path', source, 'none', 2)
  return paths
}

/** Draws `count` paths uniformly, with repetitions. */
export function randomPaths(space: SearchSpace, count: number, random: RandomStream): Path[] {
  const sampler = PathSampler.uniform(space.choices)
  return Array.from({ length: count }, () => sampler.draw(random))
}
