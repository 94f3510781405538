import { join } from 'node:path'
import { expected, UserError } from '../base/errors.js'
import { integer } from '../base/format.js'
import { shellCommand } from '../base/shell.js'
import { type Config, EMBEDDED, type RetrainConfig } from '../config/index.js'
import { identifyImages } from '../data/images-identity.js'
import { openSplits } from '../data/index.js'
import { CRITERION_WORDS } from '../evaluation/criteria.js'
import { readCheckpoint } from '../runs/checkpoint.js'
import type { ResultEvent } from '../runs/result.js'
import { isSearchResult } from '../runs/result-shape.js'
import { readSummary, SUMMARY } from '../runs/summary.js'
import { weightsDigest } from '../weights/weights-digest.js'

/** An architecture, and where it stands in a run, such as `found 1 in runs/first`. */
export interface BestOfRun {
  readonly arch: string
  readonly origin: string
}

/**
 * The architecture at the place `top`, from 1, of a run's list of found sub-models, or of ranked ones if none were
 * searched for. `instead` says what else the user can do if the run has neither. If the settings of the run have limits,
 * ranked ones do not count, because they may break them.
 */
export async function bestOf(
  run: string,
  { method, space, finding }: Pick<Config, 'method' | 'space' | 'finding'>,
  { top = 1, instead }: { readonly top?: number; readonly instead: string },
): Promise<BestOfRun> {
  if (method.name === 'standalone') {
    if (top > 1) throw expected('1, because the run has one architecture,', '--top', top, 2)
    return { arch: typeof method.path === 'string' ? method.path : method.path.join(), origin: `that of ${run}` }
  }
  const { summary, damaged } = await readSummary(run, isSearchResult)
  if (damaged)
    throw expected(
      'a whole file',
      join(run, SUMMARY),
      'a damaged one; find writes it again, or rank if nothing was found',
    )
  const { found, top: ranked = [], rankedBy = 'accuracy' }: Partial<ResultEvent> = summary ?? {}
  if (summary?.space !== undefined && summary.space !== space.name) {
    throw expected('a space of the package', run, `${summary.space}, which scripts alone know`, 2)
  }
  if (found === undefined && Object.keys(finding?.limits ?? {}).length > 0) {
    const wanted = `sub-models that were found within the limits of ${run}`
    const command = shellCommand('npx', 'pada-native', 'find', run)
    throw new UserError(`Expected ${wanted} but received none; ${command} looks for them`, 2)
  }
  const list = found?.best ?? ranked
  const chosen = list[top - 1]
  const kind = found === undefined ? 'ranked' : 'found'
  const on = found?.images === undefined ? '' : `, on ${integer(found.images)} images`
  const { by: criterion = 'accuracy' } = found ?? { by: rankedBy }
  const by = criterion === 'accuracy' ? '' : `, by ${CRITERION_WORDS[criterion]}`
  if (chosen !== undefined) return { arch: chosen.arch, origin: `${kind} ${top} in ${run}${on}${by}` }
  if (list.length > 0) throw expected(`1 to ${list.length}`, '--top', top, 2)
  throw new UserError(`Expected a run with found or ranked sub-models but received ${run}; ${instead}`, 2)
}

/**
 * Throws a UserError if the list that {@link bestOf} reads was made with other weights than the run has now. Summaries of
 * earlier versions do not tell.
 */
export async function checkWeightsOfBest(run: string): Promise<void> {
  const { summary } = await readSummary(run, isSearchResult)
  const ranked = summary?.computedFrom?.weights
  const checkpoint = await readCheckpoint(join(run, 'checkpoint'))
  if (ranked === undefined || checkpoint === undefined || ranked === weightsDigest(checkpoint.snapshot.weights)) return
  const received = `other weights since its ranking; rank ${run} makes it again`
  throw expected(`the weights that ${run} was ranked with`, '--from', received)
}

/**
 * Looks whether the images of a retraining, by its settings `chosen`, are those that the run of a search trained on; `data`
 * are the settings of that run. Resolves to a note if they are not. Checkpoints of earlier versions do not tell.
 *
 * @throws UserError if the run's own settings name the embedded images, as they do by default, but a script gave it
 *   others, which its run does not keep.
 */
export async function checkImagesOfRun(
  run: string,
  data: Config['data'],
  chosen: RetrainConfig['data'],
): Promise<string[]> {
  const checkpoint = await readCheckpoint(join(run, 'checkpoint'))
  // The type knows no earlier versions.
  const trained: string | undefined = checkpoint?.identity.trainingImages
  if (trained === undefined) return []
  // The search held images out, to choose by them.
  const named = data.format === EMBEDDED ? data : { ...chosen, validationCount: data.validationCount }
  if (trained === identifyImages(await openSplits(named)).train) return []
  if (data.format !== EMBEDDED) return [`note: the training images are others than those that ${run} was trained on`]
  const received = `images that a script gave to ${run}; name them by --set data=… or in a recipe`
  throw expected('images that settings name', '--from', received, 2)
}
