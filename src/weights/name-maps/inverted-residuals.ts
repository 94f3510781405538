/**
 * What the maps to ProxylessNAS share: from a network of inverted residual blocks to the candidates of a supernet. Kernel
 * and expansion of a block, and so the candidate that it is, can be read from the shapes of its convolutions.
 */
import { UserError } from '../../base/errors.js'
import type { WeightShapes } from '../../spaces/entry.js'
import type { OperationChoice, Path, SearchSpace } from '../../spaces/space.js'
import type { GivenPath, Translation } from './name-map.js'

export const PROXYLESSNAS = 'proxylessnas'

/** A tensor of a block: which one, and its name in a block of timm's, such as `conv_pw.weight`. */
export interface BlockTensor {
  readonly block: string
  readonly name: string
}

/** One block of a file. */
export interface Block {
  /** What the file counts it by. */
  readonly key: string
  readonly inChannels: number
  readonly channels: number
  /** Such as `k3e6`. */
  readonly candidate: string
}

/** A layer of the supernet: what the names of its tensors begin with, and its widths. */
export interface Layer {
  readonly prefix: string
  readonly stage: number
  readonly inChannels: number
  readonly channels: number
}

export interface Blocks {
  /** The name of the counterpart of a tensor that belongs to no choice, the place of one that does, or nothing. */
  read(name: string): string | BlockTensor | undefined
  /** Per block, the index of its layer; undefined where it has none. */
  place(blocks: readonly Block[], layers: readonly Layer[], given?: GivenPath): readonly (number | undefined)[]
}

/** Throws a UserError for blocks that are no candidates, layers without one, and another path than `given`. */
export function translateBlocks(
  { read, place }: Blocks,
  tensors: WeightShapes,
  space: SearchSpace,
  given?: GivenPath,
): Translation {
  const names = new Map<string, string>()
  /** Per block, names in the file by timm's. */
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
  // In the order of the network, which a file that is sorted by name does not keep.
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
    throw new UserError(`Expected three convolutions for block ${key} of the checkpoint but received ${has}`)
  }
  return { key, inChannels, channels, candidate: `k${kernel}e${hidden / inChannels}` }
}

function optionOf(space: SearchSpace, layer: number, block: Block | undefined): number {
  const { name, operations } = space.choices[layer] as OperationChoice
  const known = operations.map((operation) => space.operations[operation])
  const option = known.indexOf(block?.candidate ?? 'id')
  if (option >= 0) return option
  const received = block === undefined ? 'no block' : `${block.candidate} in block ${block.key}`
  throw new UserError(`Expected ${known.join(', ')} for ${name} of ${space.name} but received ${received}`)
}

function checkGiven(space: SearchSpace, path: Path, given: GivenPath | undefined): void {
  if (given === undefined || given.path.join() === path.join()) return
  throw new UserError(
    `Expected ${space.encode(path)}, which the shapes of the checkpoint tell, but received ${given.text}`,
  )
}
