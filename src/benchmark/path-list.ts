import { readFile } from 'node:fs/promises'
import { UserError } from '../base/errors.js'
import type { RandomStream } from '../base/random.js'
import { PathSampler } from '../sampling/paths.js'
import { type Path, parsePath, type SearchSpace } from '../spaces/index.js'

/**
 * The paths of a file, one per line as operation indices (`3,0,1,…`) or in the space's notation; blank lines and those
 * that begin with `#` do not count.
 *
 * @throws UserError with exit code 2 that names the line of the first path that is none of the space.
 */
export async function readPathList(file: string, space: SearchSpace): Promise<Path[]> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    const received = error.code === 'ENOENT' ? 'no such file' : (error.code ?? error.message)
    throw new UserError(`Expected a readable file of paths for ${file} but received ${received}`, 2)
  })
  return parsePathList(text, file, space)
}

/** See {@link readPathList}; `source` is what errors call the text. */
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
  if (paths.length === 0) throw new UserError(`Expected at least one path for ${source} but received none`, 2)
  return paths
}

/** `count` paths drawn uniformly, repetitions allowed. */
export function randomPaths(space: SearchSpace, count: number, random: RandomStream): Path[] {
  const sampler = PathSampler.uniform(space.choices)
  return Array.from({ length: count }, () => sampler.draw(random))
}
