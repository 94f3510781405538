/**
 * The network of one architecture of NAS-Bench-201, as the benchmark trains it (Dong and Yang, ICLR 2020): unlike in the
 * supernet, every batch norm has a scale, a shift and running statistics, and no convolution has a bias. Tensors have
 * the names, shapes and order of `TinyNetwork` in the authors' code (AutoDL-Projects).
 *
 * Because norms have shifts, an edge without a signal gives a constant, which the network learns. Only edges whose target
 * never reaches the output are idle.
 */
import type { NetworkConfig } from '../../config/network.js'
import type { Value } from '../../programs/program.js'
import type { NetworkImages } from '../entry.js'
import { NetworkWriter } from '../network-writer.js'
import type { Path } from '../space.js'
import { givenPath, type StandaloneNetwork, standaloneNetwork } from '../standalone.js'
import { CONV_1X1, CONV_3X3, EDGES, NODES, NONE, POOL, SKIP } from './cell.js'
import { nasBench201 } from './nasbench201.js'
import { STAGES } from './network.js'

type Settings = Extract<NetworkConfig, { space: 'nasbench201' }>

/** The network; throws a UserError for a path outside the space, and for settings that describe no network. */
export function nasBench201Network({ path: given, ...size }: Settings, images: NetworkImages): StandaloneNetwork {
  const { channels, cellsPerStage } = size
  const space = nasBench201({ channels, cellsPerStage, ...images })
  const path = givenPath(space, given)
  const writer = new NetworkWriter()
  let x = writer.norm(writer.conv(writer.builder.input(space.input), 'stem.0', { channels, kernel: 3 }), 'stem.1')
  let index = 0
  for (let stage = 0; stage < STAGES; stage++) {
    if (stage > 0) x = residual(writer, x, `cells.${index++}`)
    for (let i = 0; i < cellsPerStage; i++) x = cell(writer, x, `cells.${index++}`, path)
  }
  const program = writer.classify(writer.relu(writer.norm(x, 'lastact.0')), space.classes)
  const { parameters, buffers } = writer
  return standaloneNetwork(space, path, { parameters, buffers, program, supernetNames: supernetNamesOf(path) })
}

function reluConvNorm(
  writer: NetworkWriter,
  x: Value,
  name: string,
  options: { channels: number; kernel: number; stride?: number; operation?: number },
): Value {
  return writer.norm(writer.conv(writer.relu(x), `${name}.op.1`, options), `${name}.op.2`, options.operation)
}

/** The block between two stages, which halves the image and doubles the width. */
function residual(writer: NetworkWriter, x: Value, name: string): Value {
  const channels = 2 * x.shape.channels
  const first = reluConvNorm(writer, x, `${name}.conv_a`, { channels, kernel: 3, stride: 2 })
  const deep = reluConvNorm(writer, first, `${name}.conv_b`, { channels, kernel: 3 })
  const pooled = writer.builder.avgPool2d(x, { kernel: 2, stride: 2 })
  return writer.builder.add([deep, writer.conv(pooled, `${name}.downsample.1`, { channels, kernel: 1 })])
}

function cell(writer: NetworkWriter, x: Value, name: string, path: Path): Value {
  const { shape } = x
  const reaches = nodesBeforeOutput(path)
  const terms: Value[][] = Array.from({ length: NODES }, () => [])
  const nodes: Value[] = [x]
  // Edges ascend by target, so all terms of a node are known before an edge reads it.
  const node = (n: number): Value => {
    nodes[n] ??= terms[n].length > 0 ? writer.builder.add(terms[n]) : writer.builder.zeros(shape)
    return nodes[n]
  }
  for (const [edge, { source, target }] of EDGES.entries()) {
    const operation = path[edge]
    if (operation === CONV_1X1 || operation === CONV_3X3) {
      const options = { channels: shape.channels, kernel: operation === CONV_3X3 ? 3 : 1, operation }
      const apply = (to: NetworkWriter, x: Value) => reluConvNorm(to, x, `${name}.layers.${edge}`, options)
      if (reaches[target]) terms[target].push(apply(writer, node(source)))
      else writer.idle(shape, apply)
    } else if (reaches[target] && operation === SKIP) terms[target].push(node(source))
    else if (reaches[target] && operation === POOL) {
      terms[target].push(writer.builder.avgPool2d(node(source), { kernel: 3 }))
    }
  }
  return node(NODES - 1)
}

/** By node: true if edges other than `none` lead from it to the output. */
function nodesBeforeOutput(path: Path): boolean[] {
  const reaches = Array.from({ length: NODES }, (_, node) => node === NODES - 1)
  for (const [edge, { source, target }] of [...EDGES.entries()].reverse()) {
    if (path[edge] !== NONE && reaches[target]) reaches[source] = true
  }
  return reaches
}

/** In a supernet, an edge has weights per operation, or shares them with all edges of its cell. */
function supernetNamesOf(path: Path) {
  return (name: string): string[] => {
    const [, cell, edge, rest] = /^(cells\.\d+)\.layers\.(\d)\.(.+)$/.exec(name) ?? []
    if (rest === undefined) return [name]
    const { source, target } = EDGES[Number(edge)]
    const operation = path[Number(edge)]
    return [`${cell}.edges.${target}<-${source}.${operation}.${rest}`, `${cell}.blocks.0.${operation}.${rest}`]
  }
}
