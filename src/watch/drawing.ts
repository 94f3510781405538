import { drawArchitecture } from '../report/drawings/architecture.js'
import { savedSettings } from '../runs/saved-settings.js'
import type { FollowedRun } from './followed-run.js'
import { spaceOf } from './operation-names.js'

/** Draws the best architecture of a search's result as SVG; undefined without one, or if it cannot be drawn. */
export async function drawBest({ folder, log: { result } }: FollowedRun): Promise<string | undefined> {
  const best = result?.kind === 'search' ? (result.found[0] ?? result.top[0]) : undefined
  const space = best && spaceOf(await savedSettings(folder).catch(() => undefined))
  // The log may be of another space than the settings, if someone has copied files.
  return space && drawArchitecture(space, best.path).catch(() => undefined)
}
