/**
 * CLOSE's GATE (Zhou et al., ECCV 2022, §3.2): a small network that reads the graph of a cell and chooses the GLOW
 * block from which each edge takes its weights.
 *
 * The encoder follows GATES (Ning et al., ECCV 2020). Information flows from the input node along the edges, and the
 * embedding of an operation gates it. With h₀ learned,
 * h_t = relu(Σ over edges s→t of σ(U o_edge + u) ⊙ (V h_s + v)). A perceptron with hidden layers 200–200–200 turns the
 * embeddings of an edge's source and target into one logit per open block.
 */

import { expected } from '../../base/errors.js'
import type { RandomStream } from '../../base/random.js'
import type { Tensor } from '../../formats/safetensors.js'
import type { CellGraph } from '../../spaces/space.js'
import { type DenseParameters, denseBackward, denseForward, relu, reluBackward } from './dense.js'

/** Length of the embeddings of nodes and of operations. */
const WIDTH = 48
const HIDDEN = [200, 200, 200]
const PREFIX = 'gate.'

/** Values of a forward pass that the backward pass needs. */
export interface GateTrace {
  /** For each drawing edge, one logit per open block. */
  readonly logits: readonly Float64Array[]
  readonly graph: CellGraph
  /** h of each node; zeros for a node, other than the first, that no edge reaches. */
  readonly nodes: readonly Float64Array[]
  /** σ(U o_edge + u) of each edge, in (0, 1). */
  readonly attention: readonly Float64Array[]
  /** V h_s + v of each edge. */
  readonly messages: readonly Float64Array[]
  /** For each drawing edge, the input of each layer of the perceptron. */
  readonly activations: readonly (readonly Float64Array[])[]
}

/** Position of a tensor in the flat arrays. */
interface Place {
  readonly name: string
  readonly shape: readonly number[]
  readonly begin: number
  readonly end: number
}

export class Gate {
  /** Number of open blocks, among which it chooses. */
  readonly open: number
  /** All parameters. They are always float32 numbers, so that a file of weights holds them exactly. */
  readonly values: Float64Array
  readonly gradients: Float64Array
  /** Ones for the values of parameters of one dimension. */
  readonly ofVectors: Uint8Array
  readonly #operations: number
  readonly #places: readonly Place[]
  readonly #attention: DenseParameters
  readonly #message: DenseParameters
  readonly #perceptron: readonly DenseParameters[]

  /** All parameters start at zero. Initialize or copy them afterwards. */
  constructor(operations: number, open: number) {
    this.open = open
    this.#operations = operations
    this.#places = placesOf(operations, open)
    const length = this.#places.at(-1)!.end
    this.values = new Float64Array(length)
    this.gradients = new Float64Array(length)
    this.ofVectors = new Uint8Array(length)
    for (const { shape, begin, end } of this.#places) if (shape.length === 1) this.ofVectors.fill(1, begin, end)
    this.#attention = this.#dense('attention')
    this.#message = this.#dense('message')
    this.#perceptron = [...HIDDEN, open].map((_, layer) => this.#dense(`perceptron.${layer}`))
  }

  /** Draws all parameters: layers as in PyTorch, uniform in ±1/√inputs; embeddings uniform with variance 1. */
  static random(operations: number, open: number, random: RandomStream): Gate {
    const gate = new Gate(operations, open)
    gate.#draw(random, () => true)
    return gate
  }

  /**
   * A gate for `open` blocks with this gate's encoder and a new perceptron. The released code also makes a new
   * perceptron whenever a block is opened.
   */
  reopened(open: number, random: RandomStream): Gate {
    const gate = new Gate(this.#operations, open)
    for (const { name, begin, end } of this.#places) {
      if (!name.startsWith('perceptron.')) gate.values.set(this.values.subarray(begin, end), begin)
    }
    gate.#draw(random, (name) => name.startsWith('perceptron.'))
    return gate
  }

  logits(graph: CellGraph): GateTrace {
    const { nodes: count, edges } = graph
    const before = Array.from({ length: count }, () => new Float64Array(WIDTH))
    const nodes: Float64Array[] = [this.#part('input')]
    const attention: Float64Array[] = []
    const messages: Float64Array[] = []
    // Edges are in the order of their targets, so a node is complete when the next edge reads it.
    for (const [e, { source, target, operation }] of edges.entries()) {
      nodes[source] ??= relu(before[source])
      attention[e] = denseForward(this.#attention, this.#embedding(operation)).map(sigmoid)
      messages[e] = denseForward(this.#message, nodes[source])
      for (let i = 0; i < WIDTH; i++) before[target][i] += attention[e][i] * messages[e][i]
    }
    for (let node = 0; node < count; node++) nodes[node] ??= relu(before[node])

    const activations: (readonly Float64Array[])[] = []
    const logits = edges
      .filter(({ draws }) => draws)
      .map(({ source, target }) => {
        const inputs: Float64Array[] = [Float64Array.from([...nodes[source], ...nodes[target]])]
        for (const layer of this.#perceptron.slice(0, -1)) inputs.push(relu(denseForward(layer, inputs.at(-1)!)))
        activations.push(inputs)
        return denseForward(this.#perceptron.at(-1)!, inputs.at(-1)!)
      })
    return { logits, graph, nodes, attention, messages, activations }
  }

  /** Given the gradients of the logits, adds the gradients of all parameters. */
  backward(trace: GateTrace, logitGradients: readonly Float64Array[]): void {
    const { graph, nodes, attention, messages, activations } = trace
    const nodeGradients = nodes.map(() => new Float64Array(WIDTH))
    const add = (to: Float64Array, from: Float64Array, offset = 0) => {
      for (let i = 0; i < WIDTH; i++) to[i] += from[offset + i]
    }
    for (const [d, { source, target }] of graph.edges.filter(({ draws }) => draws).entries()) {
      let gradient = logitGradients[d]
      for (let layer = this.#perceptron.length - 1; layer >= 0; layer--) {
        const x = activations[d][layer]
        gradient = denseBackward(this.#perceptron[layer], x, gradient)
        if (layer > 0) gradient = reluBackward(x, gradient)
      }
      add(nodeGradients[source], gradient)
      add(nodeGradients[target], gradient, WIDTH)
    }
    for (let e = graph.edges.length - 1; e >= 0; e--) {
      const { source, target, operation } = graph.edges[e]
      const arriving = reluBackward(nodes[target], nodeGradients[target])
      const messageGradient = arriving.map((slope, i) => slope * attention[e][i])
      const attentionGradient = arriving.map(
        (slope, i) => slope * messages[e][i] * attention[e][i] * (1 - attention[e][i]),
      )
      add(nodeGradients[source], denseBackward(this.#message, nodes[source], messageGradient))
      const embeddingGradient = denseBackward(this.#attention, this.#embedding(operation), attentionGradient)
      add(this.#embedding(operation, this.gradients), embeddingGradient)
    }
    add(this.#part('input', this.gradients), nodeGradients[0])
  }

  /** Parameters by name, for a file of weights. */
  tensors(): Map<string, Tensor> {
    return new Map(
      this.#places.map(({ name, shape, begin, end }) => [
        PREFIX + name,
        { shape, data: Float32Array.from(this.values.subarray(begin, end)) },
      ]),
    )
  }

  /**
   * Reads the gate in a file of weights; undefined if the file has none.
   *
   * @throws UserError if tensors are missing, of another shape, or not finite.
   */
  static fromTensors(operations: number, tensors: ReadonlyMap<string, Tensor>): Gate | undefined {
    const last = tensors.get(`${PREFIX}perceptron.${HIDDEN.length}.bias`)
    if (last === undefined) return undefined
    const gate = new Gate(operations, last.data.length)
    for (const { name, shape, begin } of gate.#places) {
      const tensor = tensors.get(PREFIX + name)
      if (tensor?.shape.join() !== shape.join() || !(tensor.data instanceof Float32Array)) {
        const received = tensor === undefined ? 'none' : `shape ${tensor.shape.join('×')}`
        throw expected(`float32 numbers of shape ${shape.join('×')}`, `${PREFIX}${name}`, received)
      }
      const wrong = tensor.data.find((value) => !Number.isFinite(value))
      if (wrong !== undefined) {
        throw expected('finite numbers', `${PREFIX}${name}`, wrong)
      }
      gate.values.set(tensor.data, begin)
    }
    return gate
  }

  #draw(random: RandomStream, chosen: (name: string) => boolean): void {
    for (const { name, shape, begin, end } of this.#places) {
      if (!chosen(name)) continue
      // Embeddings have no inputs. A bias has the bound of its weight.
      const inputs = shape.length === 2 ? shape[1] : this.#shapeOf(name.replace('.bias', '.weight'))[1]
      const bound = name === 'input' || name === 'operations' ? Math.sqrt(3) : 1 / Math.sqrt(inputs)
      for (let i = begin; i < end; i++) this.values[i] = Math.fround((2 * random.uniform() - 1) * bound)
    }
  }

  #place(name: string): Place {
    return this.#places.find((place) => place.name === name)!
  }

  #shapeOf(name: string): readonly number[] {
    return this.#place(name).shape
  }

  #part(name: string, from = this.values): Float64Array {
    const { begin, end } = this.#place(name)
    return from.subarray(begin, end)
  }

  #embedding(operation: number, from = this.values): Float64Array {
    return this.#part('operations', from).subarray(operation * WIDTH, (operation + 1) * WIDTH)
  }

  #dense(name: string): DenseParameters {
    return {
      weight: this.#part(`${name}.weight`),
      bias: this.#part(`${name}.bias`),
      weightGradient: this.#part(`${name}.weight`, this.gradients),
      biasGradient: this.#part(`${name}.bias`, this.gradients),
    }
  }
}

function placesOf(operations: number, open: number): Place[] {
  const places: Place[] = []
  const push = (name: string, shape: readonly number[]) => {
    const begin = places.at(-1)?.end ?? 0
    places.push({ name, shape, begin, end: begin + shape.reduce((product, extent) => product * extent, 1) })
  }
  const dense = (name: string, inputs: number, outputs: number) => {
    push(`${name}.weight`, [outputs, inputs])
    push(`${name}.bias`, [outputs])
  }
  push('operations', [operations, WIDTH])
  push('input', [1, WIDTH])
  dense('attention', WIDTH, WIDTH)
  dense('message', WIDTH, WIDTH)
  const sizes = [2 * WIDTH, ...HIDDEN, open]
  for (let layer = 0; layer + 1 < sizes.length; layer++) dense(`perceptron.${layer}`, sizes[layer], sizes[layer + 1])
  return places
}

function sigmoid(x: number): number {
  return 1 / (1 + Math.exp(-x))
}
