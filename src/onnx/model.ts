import { expected } from '../base/errors.js'
import { packageVersion } from '../base/folders.js'
import type { Tensor } from '../formats/safetensors.js'
import type { Program, Shape } from '../programs/program.js'
import { OPSET, onnxGraph } from './graph.js'
import { encodeModel } from './messages.js'

/** Version of ONNX's file format that was released with this version of the operators. */
const IR_VERSION = 8
/** A protocol buffer has at most 2 GiB. This leaves 16 MiB, more than enough, for nodes and names. */
const MOST_BYTES_OF_WEIGHTS = 2 ** 31 - 2 ** 24

/** Content of an ONNX model. */
export interface ModelSource {
  readonly program: Program
  /** Shape of one image. A program does not tell it if its output depends on no image. */
  readonly input: Shape
  /** Weights by name. The model contains only tensors that the program uses. */
  readonly weights: ReadonlyMap<string, Tensor>
  /** Name of the graph. */
  readonly name: string
  /** Properties of the model, by key. */
  readonly metadata: Readonly<Record<string, string>>
}

/**
 * The bytes of an ONNX model. They are the same for the same source.
 *
 * @throws UserError for weights that are missing, of another shape, not float32, or of almost 2 GiB together;
 *   RangeError for a program with the instruction `mix`, which is for training only.
 */
export function onnxModel({ program, input, weights, name, metadata }: ModelSource): Uint8Array {
  const graph = onnxGraph(program, input, weights, name)
  const bytes = graph.initializer.reduce((sum, { rawData }) => sum + rawData.length, 0)
  if (bytes > MOST_BYTES_OF_WEIGHTS) {
    throw expected('less than 2 GiB of weights', 'an ONNX model', `${bytes} bytes`)
  }
  return encodeModel({
    irVersion: IR_VERSION,
    producerName: 'pada-native',
    producerVersion: packageVersion(),
    docString: describe(program),
    graph,
    opsetImport: [{ domain: '', version: OPSET }],
    metadataProps: Object.entries(metadata).map(([key, value]) => ({ key, value })),
  })
}

function describe({ instructions }: Program): string {
  const byBatch = instructions.some(
    (instruction) => instruction.op === 'batchNorm' && instruction.running === undefined,
  )
  const sentence = 'Computes the logits of images that are normalised as in training.'
  if (!byBatch) return sentence
  return `${sentence} Batch norms take the statistics of the batch, so that the logits of an image depend on the others.`
}
