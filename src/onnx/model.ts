import { UserError } from '../base/errors.js'
import { packageVersion } from '../base/folders.js'
import type { Tensor } from '../formats/safetensors.js'
import type { Program, Shape } from '../programs/program.js'
import { OPSET, onnxGraph } from './graph.js'
import { encodeModel } from './messages.js'

/** Version of the format that came with the operators' version. */
const IR_VERSION = 8
/** Protocol buffers end at 2 GiB; nodes and names have far less than what is left here. */
const MOST_BYTES_OF_WEIGHTS = 2 ** 31 - 2 ** 24

/** What a model computes and says of itself. */
export interface ModelSource {
  readonly program: Program
  /** One image: a program whose output depends on none does not say. */
  readonly input: Shape
  /** Those that the program uses, under their names; others are left. */
  readonly weights: ReadonlyMap<string, Tensor>
  /** What the graph is called. */
  readonly name: string
  /** What a reader of the model can look up. */
  readonly metadata: Readonly<Record<string, string>>
}

/**
 * The bytes of an ONNX model, the same for the same source.
 *
 * @throws UserError for weights that are missing, of another shape, not of float32, or that take 2 GiB together; RangeError
 *   for a program that mixes, which is for training only.
 */
export function onnxModel({ program, input, weights, name, metadata }: ModelSource): Uint8Array {
  const graph = onnxGraph(program, input, weights, name)
  const bytes = graph.initializer.reduce((sum, { rawData }) => sum + rawData.length, 0)
  if (bytes > MOST_BYTES_OF_WEIGHTS) {
    throw new UserError(`Expected less than 2 GiB of weights for an ONNX model but received ${bytes} bytes`)
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
