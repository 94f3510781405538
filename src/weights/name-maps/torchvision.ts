/**
 * torchvision's `MobileNetV2`, whose `inverted_residual_setting` can describe any path with kernels of 3. Blocks are
 * numbered in a row without gaps, so that only their widths tell their stages. If a stage has fewer blocks than layers,
 * the last layers have none, unless a path says which.
 */
import { expected, UserError } from '../../base/errors.js'
import type { OperationChoice, Path, SearchSpace } from '../../spaces/space.js'
import { type Block, type BlockTensor, type Layer, PROXYLESSNAS, translateBlocks } from './inverted-residuals.js'
import type { NameMap } from './name-map.js'

const BLOCK = /^features\.(\d+)\.conv\.(\d(?:\.\d)?)\.(\w+)$/
/** Stem and head: a convolution and its batch norm. */
const OUTSIDE_BLOCKS = /^features\.(\d+)\.([01])\.(\w+)$/
const LINEAR = /^classifier\.1\./

/** timm's names of a block's modules by position. The fixed block has no expansion, and so a table of its own. */
const MODULES: Readonly<Record<string, string>> = {
  '0.0': 'conv_pw',
  '0.1': 'bn1',
  '1.0': 'conv_dw',
  '1.1': 'bn2',
  '2': 'conv_pwl',
  '3': 'bn3',
}
const FIXED = '1'
const FIXED_MODULES: Readonly<Record<string, string>> = { '0.0': 'conv_dw', '0.1': 'bn1', '1': 'conv_pw', '2': 'bn2' }

export const TORCHVISION: NameMap = {
  name: 'torchvision',
  spaces: [PROXYLESSNAS],
  recognises: (names) => names.some((name) => /^features\.\d+\.conv\.\d\.\d\.\w+$/.test(name)),
  translate: (tensors, space, given) =>
    translateBlocks(
      { read, place: (blocks, layers) => placeInRow(blocks, layers, space, given?.path) },
      tensors,
      space,
      given,
    ),
}

function read(name: string): string | BlockTensor | undefined {
  const [, block, position, leaf] = BLOCK.exec(name) ?? []
  if (block !== undefined) {
    const module = (block === FIXED ? FIXED_MODULES : MODULES)[position]
    if (module === undefined) return undefined
    return block === FIXED ? `blocks.0.0.${module}.${leaf}` : { block, name: `${module}.${leaf}` }
  }
  const [, index, which, last] = OUTSIDE_BLOCKS.exec(name) ?? []
  if (index !== undefined) {
    const [convolution, norm] = index === '0' ? ['conv_stem', 'bn1'] : ['conv_head', 'bn2']
    return `${which === '0' ? convolution : norm}.${last}`
  }
  return LINEAR.test(name) ? name.replace(LINEAR, 'classifier.') : undefined
}

function placeInRow(
  blocks: readonly Block[],
  layers: readonly Layer[],
  space: SearchSpace,
  path: Path | undefined,
): (number | undefined)[] {
  if (path !== undefined) {
    const used = [...layers.keys()].filter((i) => nameOf(space, path, i) !== 'id')
    if (used.length !== blocks.length) {
      throw expected(`${used.length} blocks`, space.encode(path), blocks.length)
    }
    return used
  }
  const places: (number | undefined)[] = []
  let at = 0
  for (const run of runsOf(layers)) {
    const [{ channels }] = run
    const rest = blocks.slice(at)
    const end = rest.findIndex((block) => block.channels !== channels)
    const count = end < 0 ? rest.length : end
    if (end === 0) {
      const [{ key, channels: received }] = rest
      throw expected(`${channels} channels`, `block ${key} of the checkpoint`, received)
    }
    if (run[0].stage !== run[run.length - 1].stage && count !== run.length) {
      const stages = `stages ${run[0].stage} to ${run[run.length - 1].stage}, which are equally wide,`
      throw new UserError(`Expected a path, because the blocks of ${stages} cannot be told apart, but received none`, 2)
    }
    const first = layers.indexOf(run[0])
    for (let i = 0; i < count; i++) places.push(i < run.length ? first + i : undefined)
    at += count
  }
  return places
}

/** Groups of consecutive layers of equal width: each is one stage, or several. */
function runsOf(layers: readonly Layer[]): Layer[][] {
  const runs: Layer[][] = []
  for (const [i, layer] of layers.entries()) {
    if (layer.channels === layers[i - 1]?.channels) runs[runs.length - 1].push(layer)
    else runs.push([layer])
  }
  return runs
}

function nameOf(space: SearchSpace, path: Path, layer: number): string {
  return space.operations[(space.choices[layer] as OperationChoice).operations[path[layer]]]
}
