import { writeAtomically } from '../base/atomic.js'
import type { Tensor } from '../formats/safetensors.js'
import type { Path, SearchSpace } from '../spaces/space.js'
import { onnxModel } from './model.js'

/**
 * Writes the evaluation of a path as an ONNX model of opset 17, atomically. The input `images` is float32 of shape
 * [N, channels, height, width] for any N; the output `logits` is float32 of shape [N, classes]. Initializers are the
 * tensors of `weights` that the path's program uses, under their names, and constants whose names begin with `/`. The
 * metadata name the space, the path and its architecture. The same path and weights make the same file.
 *
 * As everywhere in this package, batch norms without running statistics use the statistics of the batch. The logits of
 * an image then depend on the other images of the batch.
 *
 * @param more More metadata, by key.
 * @throws UserError if the file cannot be written; for weights that are missing, of another shape, not float32, or of
 *   almost 2 GiB together; for a path outside the space.
 */
export async function writeOnnx(
  file: string,
  space: SearchSpace,
  path: Path,
  weights: ReadonlyMap<string, Tensor>,
  more: Readonly<Record<string, string>> = {},
): Promise<void> {
  const { name, input } = space
  const metadata = { space: name, arch: space.encode(path), path: path.join(), ...more }
  await writeAtomically(file, [onnxModel({ program: space.program(path), input, weights, name, metadata })])
}
