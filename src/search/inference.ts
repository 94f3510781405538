/** Computes the logits of paths on a batch of images, with weights from a checkpoint. */

import { expected, UserError } from '../base/errors.js'
import { classIndices } from '../data/labels.js'
import type { Tensor } from '../formats/safetensors.js'
import { trainedSpace } from '../methods/index.js'
import { Dataset, type ImageData, type Precision, Supernet } from '../native/index.js'
import { describeShape } from '../programs/program.js'
import type { BufferSpec, ParameterSpec, Path, SearchSpace } from '../spaces/space.js'
import { restoreBuffers, restoreWeights } from '../training/snapshot.js'
import { listed, matchWeights } from '../weights/match.js'

/** Weights, images and the paths to compute. */
export interface InferOptions {
  readonly space: SearchSpace
  /** All tensors of the supernet and of the method that trained it, by name, and no others; see `readWeights`. */
  readonly weights: ReadonlyMap<string, Tensor>
  /**
   * Images, normalised already if they are floats. All of them form one batch: batch norms without running statistics
   * use the batch's, so the logits of an image depend on the others.
   */
  readonly images: Omit<ImageData, 'labels'>
  readonly paths: readonly Path[]
  /**
   * Running statistics of each path, in order, that replace those of `weights`; see {@link pathStatistics}. Default:
   * those of `weights`.
   */
  readonly statistics?: readonly ReadonlyMap<string, Tensor>[]
  /** Default `float32`. */
  readonly precision?: Precision
  /** When aborted, work stops between two paths and throws the signal's reason. */
  readonly signal?: AbortSignal
}

/**
 * Logits of every path: one row-major matrix of images × classes per path.
 *
 * @throws UserError for weights of another space, with the names of tensors that are missing, left over or of another
 *   shape. Also for a part of an image, for another number of `statistics` than of paths, and for logits that are not
 *   finite. The reason of an aborted signal.
 */
export async function infer(options: InferOptions): Promise<Float32Array[]> {
  const { weights, images, paths, statistics, precision, signal } = options
  const { space, own } = trainedSpace(options.space, weights)
  const specs = space.parameters()
  const buffers = space.buffers?.() ?? []
  checkWeights(space.name, [...specs, ...buffers], weights, own)
  const count = images.images.length / (images.channels * images.height * images.width)
  if (!Number.isInteger(count)) {
    throw expected(`whole images of ${describeShape(images)}`, 'images', `${images.images.length} values`)
  }
  if (statistics !== undefined && statistics.length !== paths.length) {
    throw expected(`${paths.length} entries, one per path,`, 'statistics', statistics.length)
  }
  using supernet = Supernet.of(space, { precision })
  using dataset = new Dataset({ ...images, labels: new Int32Array(count) })
  await restoreWeights(weights, supernet)
  const indices = Int32Array.from({ length: count }, (_, i) => i)
  const logits: Float32Array[] = []
  for (const [index, path] of paths.entries()) {
    signal?.throwIfAborted()
    if (statistics !== undefined) await restoreBuffers(new Map([...weights, ...statistics[index]]), supernet)
    using plan = supernet.compile(space.program(path))
    const values = await supernet.logits(plan, dataset, indices)
    const wrong = values.find((value) => !Number.isFinite(value))
    if (wrong !== undefined) throw expected('finite logits', `path ${path.join()}`, wrong)
    logits.push(values)
  }
  return logits
}

/**
 * Mean cross-entropy of logits (images × classes), and the share in [0, 1] of images classified correctly.
 *
 * @throws UserError for logits that are not as many for each label, and for labels that are no classes.
 */
export function evaluateLogits(logits: Float32Array, labels: ArrayLike<number>): { loss: number; accuracy: number } {
  const classes = logits.length / labels.length
  if (!(Number.isInteger(classes) && classes > 0)) {
    throw expected('as many logits for each label', 'evaluateLogits', `${logits.length} for ${labels.length} labels`)
  }
  classIndices(labels, classes, 'evaluateLogits')
  let loss = 0
  let correct = 0
  for (let i = 0; i < labels.length; i++) {
    const row = logits.subarray(i * classes, (i + 1) * classes)
    const largest = Math.max(...row)
    const logSum = largest + Math.log(row.reduce((sum, logit) => sum + Math.exp(logit - largest), 0))
    loss += logSum - row[labels[i]]
    if (row.indexOf(largest) === labels[i]) correct++
  }
  return { loss: loss / labels.length, accuracy: correct / labels.length }
}

function checkWeights(
  space: string,
  specs: readonly (ParameterSpec | BufferSpec)[],
  weights: ReadonlyMap<string, Tensor>,
  own: ReadonlySet<string>,
): void {
  const { missing, misfits, left } = matchWeights(specs, weights)
  const extra = left.filter((name) => !own.has(name))
  const complaints = [
    listed('missing', missing),
    listed('left over', extra),
    listed('of another shape', misfits),
  ].filter((complaint) => complaint !== undefined)
  if (complaints.length > 0) {
    throw new UserError(
      `Expected the ${specs.length} tensors of ${space} but received a checkpoint with ${complaints.join('; ')}`,
    )
  }
}
