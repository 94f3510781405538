/** Builds an ONNX graph: nodes, the tensors of the supernet that they use, and constants, all under unique names. */

import { expected, UserError } from '../base/errors.js'
import type { Tensor } from '../formats/safetensors.js'
import { ATTRIBUTE_TYPE, DATA_TYPE, type OnnxAttribute, type OnnxNode, type OnnxTensor } from './messages.js'

/** Attributes of a node by name. A number or a list of numbers becomes integers; `{ float }` becomes a float. */
export type Attributes = Readonly<Record<string, number | readonly number[] | { readonly float: number }>>

/** Names of nodes, values and constants begin with this, as `/12/Conv` does. Names of the supernet's tensors do not. */
const PREFIX = '/'
/** Names of the graph's input and output. */
export const IMAGES = 'images'
export const LOGITS = 'logits'

export class GraphBuilder {
  readonly nodes: OnnxNode[] = []
  readonly #weights: ReadonlyMap<string, Tensor>
  readonly #initializers = new Map<string, OnnxTensor>()
  readonly #names = new Map<string, number>()

  constructor(weights: ReadonlyMap<string, Tensor>) {
    this.#weights = weights
  }

  /** Parameters, buffers and constants in the order of their first use. */
  get initializers(): readonly OnnxTensor[] {
    return [...this.#initializers.values()]
  }

  /** Adds a node with one output for instruction `id`. Returns the name of the output, which the node has too. */
  node(id: number, opType: string, input: readonly string[], attributes: Attributes = {}): string {
    const name = this.#unique(`${PREFIX}${id}/${opType}`)
    const attribute = Object.entries(attributes).map(([key, value]) => attributeOf(key, value))
    this.nodes.push({ input, output: [name], name, opType, attribute })
    return name
  }

  /**
   * Adds a tensor of the supernet under its name, once.
   *
   * @throws UserError if the tensor is missing, of another shape or not float32, or if its name is reserved.
   */
  weight(name: string, dims: readonly number[]): string {
    const tensor = this.#weights.get(name)
    if (!(tensor?.data instanceof Float32Array) || tensor.shape.join() !== dims.join()) {
      const kind = tensor?.data.constructor.name.replace('Array', '')
      const received = tensor === undefined ? 'none' : `${kind} of shape ${tensor.shape.join('×')}`
      throw expected(`Float32 of shape ${dims.join('×')}`, name, received)
    }
    if (name.startsWith(PREFIX) || name === IMAGES || name === LOGITS) {
      throw new UserError(`Expected a name that means nothing else in an ONNX model but received ${name}`)
    }
    this.#initialize(name, dims, DATA_TYPE.float, tensor.data)
    return name
  }

  /** Adds float32 numbers under `/name`, once. */
  floats(name: string, values: readonly number[], dims: readonly number[] = [values.length]): string {
    return this.#initialize(`${PREFIX}${name}`, dims, DATA_TYPE.float, Float32Array.from(values))
  }

  /** Adds a list of int64 numbers under `/name`, once. */
  integers(name: string, values: readonly number[]): string {
    return this.#initialize(`${PREFIX}${name}`, [values.length], DATA_TYPE.int64, BigInt64Array.from(values, BigInt))
  }

  #initialize(
    name: string,
    dims: readonly number[],
    dataType: OnnxTensor['dataType'],
    { buffer, byteOffset, byteLength }: Float32Array | BigInt64Array,
  ): string {
    const rawData = new Uint8Array(buffer, byteOffset, byteLength)
    const before = this.#initializers.get(name)
    if (before !== undefined && Buffer.compare(before.rawData, rawData) !== 0) {
      throw new RangeError(`Expected one content of ${name} but received another one`)
    }
    if (before === undefined) this.#initializers.set(name, { dims, dataType, name, rawData })
    return name
  }

  #unique(name: string): string {
    const count = this.#names.get(name) ?? 0
    this.#names.set(name, count + 1)
    return count === 0 ? name : `${name}_${count}`
  }
}

function attributeOf(name: string, value: Attributes[string]): OnnxAttribute {
  if (typeof value === 'number') return { name, i: value, type: ATTRIBUTE_TYPE.int }
  if ('float' in value) return { name, f: value.float, type: ATTRIBUTE_TYPE.float }
  return { name, ints: value, type: ATTRIBUTE_TYPE.ints }
}
