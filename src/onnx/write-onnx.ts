import { writeAtomically } from '../base/atomic.js'
import type { Tensor } from '../formats/safetensors.js'
import type { Path, SearchSpace } from '../spaces/space.js'
import { onnxModel } from './model.js'

/**
 * Writes what a path computes in evaluation as an ONNX model of opset 17, atomically. Its input `images` is float32 of shape
 * [N, channels, height, width] for any N, its output `logits` of shape [N, classes]. The initializers are those of `weights`
 * that the path's program uses, under their names, and constants whose names begin with `/`; metadata give the space, the
 * path and its architecture. The same path and weights make the same file.
 *
 * As everywhere in this package, batch norms without running statistics take those of the batch: the logits of an image then
 * depend on the images beside it.
 *
 * @throws UserError where the file cannot be written; for weights that are missing, of another shape, not of float32, or
 *   that take 2 GiB together; for a path outside the space.
 */
export async function writeOnnx(
  file: string,
  space: SearchSpace,
  path: Path,
  weights: ReadonlyMap<string, Tensor>,
): Promise<void> {
  const { name, input } = space
  const metadata = { space: name, arch: space.encode(path), path: path.join() }
  await writeAtomically(file, [onnxModel({ program: space.program(path), input, weights, name, metadata })])
}
