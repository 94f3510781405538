/** Runs models in onnxruntime for WebAssembly, on one thread. */
import { env, InferenceSession, Tensor } from 'onnxruntime-web'
import type { Shape } from '../../src/programs/program.js'

env.wasm.numThreads = 1

/** Logits of a batch of images, row-major. */
export async function runOnnx(model: Uint8Array, images: Float32Array, shape: Shape): Promise<Float32Array> {
  const { channels, height, width } = shape
  const count = images.length / (channels * height * width)
  const session = await InferenceSession.create(model)
  try {
    const outputs = await session.run({ images: new Tensor('float32', images, [count, channels, height, width]) })
    return outputs.logits.data as Float32Array
  } finally {
    await session.release()
  }
}
