/**
 * The checkpoints of test/fixtures/import.json. The names of their tensors are made here from the names of our spaces,
 * the inverse of an import; digests of PyTorch's names confirm them. PyTorch computed the logits.
 */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { crc32 } from 'node:zlib'
import { scalars } from '../../src/base/shapes.js'
import type { Tensor } from '../../src/formats/safetensors.js'
import { decodeGenotype } from '../../src/spaces/darts/genotype.js'
import {
  darts,
  dartsNetwork,
  nasBench201,
  optionsOf,
  type Path,
  proxylessNas,
  type SearchSpace,
} from '../../src/spaces/index.js'
import { subModelNames } from '../../src/weights/sub-model.js'
import { randomFloats, randomNumbers } from './random.js'

interface Case {
  readonly size: number
  /** Digest of the sorted names and shapes of the state dict. */
  readonly digest: string
  /** Digest of the names of its parameters in their order; only for supernets of AutoDL-Projects and DARTS. */
  readonly order?: string
  readonly paths: readonly { readonly path: string | Path; readonly logits: readonly number[] }[]
}

type CaseName =
  | 'autodl'
  | 'autodlTiny'
  | 'autodlTrained'
  | 'autodlTinyTrained'
  | 'dartsSupernet'
  | 'dartsSupernetTrained'
  | 'dartsNetwork'
  | 'dartsNetworkInSupernet'
  | 'proxylessSupernet'
  | 'proxylessNetwork'
  | 'timm'
  | 'torchvision'

const fixture: {
  readonly classes: number
  readonly batch: number
  readonly seed: number
  readonly proxylessnas: { readonly width: number; readonly layers: readonly number[] }
  readonly cases: Readonly<Record<CaseName, Case>>
} = JSON.parse(readFileSync(new URL('../fixtures/import.json', import.meta.url), 'utf8'))

export const { cases } = fixture

type Shapes = Map<string, readonly number[]>

const { classes } = fixture
const image = (size: number) => ({ channels: 3, height: size, width: size })

const nasbench201Size = { channels: 2, cellsPerStage: 1, input: image(8), classes }
const dartsSize = { channels: 2, cells: 3, input: image(8), classes }

export const spaces = {
  nasbench201: nasBench201(nasbench201Size),
  nasbench201Affine: nasBench201({ ...nasbench201Size, affine: true }),
  darts: darts(dartsSize),
  dartsAffine: darts({ ...dartsSize, affine: true }),
  proxylessnas: proxylessNas({ ...fixture.proxylessnas, input: image(32), classes }),
}

/** Path in the space of ProxylessNAS that has this network. */
export const networkPath = (name: 'proxylessNetwork' | 'timm' | 'torchvision') =>
  spaces.proxylessnas.decode(cases[name].paths[0].path as string)

const genotype = decodeGenotype(cases.dartsNetwork.paths[0].path as string)
export const dartsAlone = dartsNetwork(genotype, { channels: 2, cells: 3, input: image(32), classes, auxiliary: true })
export const dartsWithoutAuxiliary = dartsNetwork(genotype, { channels: 2, cells: 3, input: image(32), classes })

export function fixtureImages(size: number) {
  const images = randomFloats(randomNumbers(fixture.seed), fixture.batch * 3 * size ** 2, 2)
  return { images, ...image(size) }
}

export function digest(shapes: Shapes): string {
  return digestOf([...shapes].map(([name, shape]) => `${name} ${shape.join('x')}`).sort())
}

/** Digest of the names of a space's parameters, in their order. */
export function orderOf(space: SearchSpace): string {
  return digestOf(space.parameters().map(({ name }) => name))
}

function digestOf(lines: readonly string[]): string {
  return createHash('sha256').update(lines.join('\n')).digest('hex')
}

/** Random tensors that depend only on name and shape, as in PyTorch. `identityNorms`: norms scale by 1, shift by 0. */
export function stateDict(shapes: Shapes, { identityNorms = false } = {}): Map<string, Tensor> {
  return new Map(
    [...shapes].map(([name, shape]): [string, Tensor] => {
      if (name.endsWith('num_batches_tracked')) return [name, { shape, data: BigInt64Array.of(3n) }]
      const draw = (bound: number, centre = 0) =>
        randomFloats(randomNumbers(crc32(name)), scalars(shape), bound).map((value) => value + centre)
      if (name.endsWith('running_mean')) return [name, { shape, data: draw(0.1) }]
      if (name.endsWith('running_var')) return [name, { shape, data: draw(0.1, 0.2) }]
      const sibling = name.replace(/\w+$/, 'weight')
      if (/\.(weight|bias)$/.test(name) && shapes.get(sibling)?.length === 1) {
        return [name, { shape, data: draw(identityNorms ? 0 : 0.5, name.endsWith('weight') ? 1 : 0) }]
      }
      const fanIn = scalars(shape.slice(1))
      return [name, { shape, data: draw(shape.length > 1 ? 1 / Math.sqrt(fanIn) : 0.5) }]
    }),
  )
}

/** Shapes of the tensors of a space, or of one of its paths. */
function shapesOf(space: SearchSpace, path?: Path): Shapes {
  const names = path && subModelNames(space, path)
  const specs = [...space.parameters(), ...(space.buffers?.() ?? [])]
  return new Map(specs.filter(({ name }) => names?.has(name) ?? true).map(({ name, shape }) => [name, shape]))
}

function renamed(shapes: Shapes, rename: (name: string) => string): Shapes {
  return new Map([...shapes].map(([name, shape]) => [rename(name), shape]))
}

/** Adds a batch norm's tensors. */
function addNorm(shapes: Shapes, name: string, channels: number, { affine }: { affine: boolean }): void {
  const parts = [...(affine ? ['weight', 'bias'] : []), 'running_mean', 'running_var']
  for (const part of parts) shapes.set(`${name}.${part}`, [channels])
  shapes.set(`${name}.num_batches_tracked`, [])
}

/** Adds PyTorch's counters of batches to running statistics. */
function withCounters(shapes: Shapes): Shapes {
  const all: Shapes = new Map(shapes)
  for (const name of shapes.keys()) {
    if (name.endsWith('.running_mean')) all.set(name.replace('running_mean', 'num_batches_tracked'), [])
  }
  return all
}

/** `GenericNAS201Model` of AutoDL-Projects; `affine` is for its last norm. */
export function autodlShapes({ affine }: { affine: boolean }, space: SearchSpace = spaces.nasbench201): Shapes {
  const shapes: Shapes = new Map()
  for (const [name, shape] of shapesOf(space)) {
    if (/conv_[ab]\.op\.1\.bias$/.test(name)) continue
    shapes.set(name.replace(/^(stem|cells)\./, '_$1.'), shape)
    const norm = { affine: name.includes('conv_') }
    if (/\.op\.1\.weight$/.test(name)) addNorm(shapes, `_${name.replace('1.weight', '2')}`, shape[0], norm)
  }
  addNorm(shapes, '_stem.1', shapes.get('_stem.0.weight')![0], { affine: true })
  addNorm(shapes, 'lastact.0', shapes.get('classifier.weight')![1], { affine })
  shapes.set('arch_parameters', [6, 5])
  return shapes
}

/** `TinyNetwork…` of AutoDL-Projects: the same names without underscores. */
export function autodlTinyShapes(space?: SearchSpace): Shapes {
  return renamed(autodlShapes({ affine: true }, space), (name) => name.replace(/^_/, ''))
}

/** The supernet in `model_search.py` of DARTS. */
export function dartsShapes(): Shapes {
  const shapes = shapesOf(spaces.darts)
  addNorm(shapes, 'stem.1', 6, { affine: true })
  for (const [name, [channels]] of shapesOf(spaces.darts)) {
    const norm = /^(.*\.op\.)([26]|1)\.weight$/.exec(name)
    if (name.includes('preprocess') && norm?.[2] === '1') addNorm(shapes, `${norm[1]}2`, channels, { affine: false })
    if (name.includes('_ops') && norm && norm[2] !== '1') {
      addNorm(shapes, `${norm[1]}${Number(norm[2]) + 1}`, channels, { affine: false })
    }
    if (name.endsWith('conv_1.weight'))
      addNorm(shapes, name.replace('conv_1.weight', 'bn'), 2 * channels, { affine: false })
    const pool = /^(.*\._ops\.)4\.op\.1\.weight$/.exec(name)
    if (pool) for (const index of [1, 2]) addNorm(shapes, `${pool[1]}${index}.1`, channels, { affine: false })
  }
  return shapes
}

/** `NetworkCIFAR` of DARTS, which has our names. */
export function dartsNetworkShapes(): Shapes {
  return withCounters(shapesOf(dartsAlone))
}

const PARTS: Readonly<Record<string, string>> = {
  conv_pw: 'inverted_bottleneck.conv',
  bn1: 'inverted_bottleneck.bn',
  conv_dw: 'depth_conv.conv',
  bn2: 'depth_conv.bn',
  conv_pwl: 'point_linear.conv',
  bn3: 'point_linear.bn',
}
const FIXED_PARTS: Readonly<Record<string, string>> = {
  conv_dw: 'depth_conv.conv',
  bn1: 'depth_conv.bn',
  conv_pw: 'point_linear.conv',
  bn2: 'point_linear.bn',
}
const CANDIDATE = /^(blocks\.\d+\.\d+)\.(k\de\d)\.(\w+)\.(\w+)$/
const OUTSIDE: Readonly<Record<string, string>> = {
  conv_stem: 'first_conv.conv',
  bn1: 'first_conv.bn',
  conv_head: 'feature_mix_layer.conv',
  bn2: 'feature_mix_layer.bn',
  classifier: 'classifier.linear',
}

/** The network of a path by ProxylessNAS's authors; without a path, their supernet. */
export function proxylessShapes(path?: Path): Shapes {
  const space = spaces.proxylessnas
  const layers = [...new Set([...shapesOf(space).keys()].flatMap((name) => CANDIDATE.exec(name)?.[1] ?? []))]
  const rename = (name: string) => {
    const [, layer, candidate, part, leaf] = CANDIDATE.exec(name) ?? []
    if (layer !== undefined) {
      const which = path === undefined ? `candidate_ops.${space.operations.indexOf(candidate)}.` : ''
      return `blocks.${1 + layers.indexOf(layer)}.mobile_inverted_conv.${which}${PARTS[part]}.${leaf}`
    }
    const [, module, last] = /^(?:blocks\.0\.0\.)?(\w+)\.(\w+)$/.exec(name)!
    if (name.startsWith('blocks')) return `blocks.0.mobile_inverted_conv.${FIXED_PARTS[module]}.${last}`
    return `${OUTSIDE[module]}.${last}`
  }
  const shapes = withCounters(renamed(shapesOf(space, path), rename))
  if (path === undefined) {
    for (const [i, choice] of space.choices.entries()) {
      for (const which of ['alpha', 'wb']) {
        shapes.set(`blocks.${i + 1}.mobile_inverted_conv.AP_path_${which}`, [optionsOf(choice)])
      }
    }
  }
  return shapes
}

/** timm's network of a path. */
export function timmShapes(path: Path): Shapes {
  return withCounters(renamed(shapesOf(spaces.proxylessnas, path), (name) => name.replace(/\.k\de\d\./, '.')))
}

const POSITIONS: Readonly<Record<string, string>> = {
  conv_pw: '0.0',
  bn1: '0.1',
  conv_dw: '1.0',
  bn2: '1.1',
  conv_pwl: '2',
  bn3: '3',
}
const FIXED_POSITIONS: Readonly<Record<string, string>> = { conv_dw: '0.0', bn1: '0.1', conv_pw: '1', bn2: '2' }

/** torchvision's network of a path. */
export function torchvisionShapes(path: Path, space: SearchSpace = spaces.proxylessnas): Shapes {
  const shapes = shapesOf(space, path)
  const blocks = [...new Set([...shapes.keys()].flatMap((name) => CANDIDATE.exec(name)?.[1] ?? []))]
  const rename = (name: string) => {
    const [, layer, , part, leaf] = CANDIDATE.exec(name) ?? []
    if (layer !== undefined) return `features.${2 + blocks.indexOf(layer)}.conv.${POSITIONS[part]}.${leaf}`
    const [, module, last] = /^(?:blocks\.0\.0\.)?(\w+)\.(\w+)$/.exec(name)!
    if (name.startsWith('blocks')) return `features.1.conv.${FIXED_POSITIONS[module]}.${last}`
    if (module === 'classifier') return `classifier.1.${last}`
    const index = module === 'conv_stem' || module === 'bn1' ? 0 : 2 + blocks.length
    return `features.${index}.${module.startsWith('conv') ? 0 : 1}.${last}`
  }
  return withCounters(renamed(shapes, rename))
}
