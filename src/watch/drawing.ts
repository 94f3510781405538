import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parse } from 'yaml'
import { type ConfigInput, parseConfig } from '../config/index.js'
import { drawArchitecture } from '../report/drawings/architecture.js'
import { createSpace } from '../spaces/index.js'
import type { FollowedRun } from './followed-run.js'

/** Draws the best architecture of a search's result as SVG; undefined without one, or if it cannot be drawn. */
export async function drawBest({ folder, log: { result } }: FollowedRun): Promise<string | undefined> {
  const best = result?.kind === 'search' ? (result.found[0] ?? result.top[0]) : undefined
  if (best === undefined) return undefined
  try {
    const { space } = parse(await readFile(join(folder, 'config.yaml'), 'utf8')) as ConfigInput
    return await drawArchitecture(createSpace(parseConfig({ space }).space), best.path)
  } catch {
    // Settings of another version, or a space of the user's own.
    return undefined
  }
}
