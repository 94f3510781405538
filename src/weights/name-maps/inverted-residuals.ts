/**
 * Maps a network of inverted residual blocks to the candidates of a ProxylessNAS supernet, for all maps to that space.
 * The shapes of a block's convolutions give its kernel and expansion, and so its candidate.
 */
import { expected, UserError } from '../../base/errors.js'
import type { WeightShapes } from '../../spaces/entry.js'
import type { OperationChoice, Path, SearchSpace } from '../../spaces/space.js'
import type { GivenPath, Translation } from './name-map.js'

export const PROXYLESSNAS = 'proxylessnas'

/** A tensor of a block: the block's key, and the tensor's name in a block of timm, such as `conv_pw.weight`. */
export interface BlockTensor {
  readonly block: string
  readonly name: string
}

/** One block of a file. */
export interface Block {
  /** The block's number in the file. */
  readonly key: string
  readonly inChannels: number
  readonly channels: number
  /** Name of the candidate operation, such as `k3e6`. */
  readonly candidate: string
}

/** A layer of the supernet: the prefix of its tensors' names, its stage, and its widths. */
export interface Layer {
  readonly prefix: string
  readonly stage: number
  readonly inChannels: number
  readonly channels: number
}

/** How a file names and numbers its blocks. */
export interface Blocks {
  /** The supernet's name of a tensor outside the choices; block and part of a tensor of a choice; else undefined. */
  read(name: string): string | BlockTensor | undefined
  /** Per block, the index of its layer; undefined if it has none. */
  place(blocks: readonly Block[], layers: readonly Layer[], given?: GivenPath): readonly (number | undefined)[]
}

/**
 * Translates the names of a network and finds its path. Throws a UserError for a block that is no candidate, for a
 * layer that needs a block but has none, and for a path other than `given`.
 */
export function translateBlocks(
  { read, place }: Blocks,
  tensors: WeightShapes,
  space: SearchSpace,
  given?: GivenPath,
): Translation {
  const names = new Map<string, string>()
  /** Per block, names in the file by timm's names. */
  const parts = new Map<string, Map<string, string>>()
  for (const name of tensors.keys()) {
    const found = read(name)
    if (typeof found === 'string') names.set(name, found)
    else if (found !== undefined) {
      const block = parts.get(found.block) ?? new Map<string, string>()
      parts.set(found.block, block.set(found.name, name))
    }
  }
  const layers = layersOf(space)
  // In the order of the network: a file sorted by name has block 10 before block 2.
  const inOrder = [...parts].sort(([a], [b]) => a.localeCompare(b, 'en', { numeric: true }))
  const blocks = inOrder.map(([key, block]) => blockOf(key, block, tensors))
  const chosen: (Block | undefined)[] = layers.map(() => undefined)
  for (const [i, at] of place(blocks, layers, given).entries()) {
    if (at === undefined || layers[at] === undefined) continue
    chosen[at] = blocks[i]
    for (const [part, name] of parts.get(blocks[i].key)!) {
      names.set(name, `${layers[at].prefix}.${blocks[i].candidate}.${part}`)
    }
  }
  const path = chosen.map((block, i) => optionOf(space, i, block))
  checkGiven(space, path, given)
  return { names, path }
}

/** The layers of a supernet, in the order of its choices. */
export function layersOf(space: SearchSpace): Layer[] {
  const shapes = new Map(space.parameters().map(({ name, shape }) => [name, shape]))
  const layers = new Map<string, Layer>()
  for (const name of shapes.keys()) {
    const [, prefix, stage, candidate] = /^(blocks\.(\d+)\.\d+)\.(k\de\d)\.conv_pw\.weight$/.exec(name) ?? []
    if (prefix === undefined || layers.has(prefix)) continue
    const [, inChannels] = shapes.get(name)!
    const [channels] = shapes.get(`${prefix}.${candidate}.conv_pwl.weight`)!
    layers.set(prefix, { prefix, stage: Number(stage), inChannels, channels })
  }
  return [...layers.values()]
}

function blockOf(key: string, parts: ReadonlyMap<string, string>, tensors: WeightShapes): Block {
  const shapeOf = (part: string) => tensors.get(parts.get(part) ?? '')?.shape ?? []
  const [hidden, inChannels] = shapeOf('conv_pw.weight')
  const [, , kernel] = shapeOf('conv_dw.weight')
  const [channels] = shapeOf('conv_pwl.weight')
  if (channels === undefined || kernel === undefined || inChannels === undefined) {
    const has = [...parts.keys()].filter((part) => /^conv_\w+\.weight$/.test(part)).length
    throw expected('three convolutions', `block ${key} of the checkpoint`, has)
  }
  return { key, inChannels, channels, candidate: `k${kernel}e${hidden / inChannels}` }
}

function optionOf(space: SearchSpace, layer: number, block: Block | undefined): number {
  const { name, operations } = space.choices[layer] as OperationChoice
  const known = operations.map((operation) => space.operations[operation])
  const option = known.indexOf(block?.candidate ?? 'id')
  if (option >= 0) return option
  const received = block === undefined ? 'no block' : `${block.candidate} in block ${block.key}`
  throw expected(known.join(', '), `${name} of ${space.name}`, received)
}

function checkGiven(space: SearchSpace, path: Path, given: GivenPath | undefined): void {
  if (given === undefined || given.path.join() === path.join()) return
  throw new UserError(
    `Expected ${space.encode(path)}, which the shapes of the checkpoint tell, but received ${given.text}`,
  )
}
