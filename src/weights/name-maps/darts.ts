/**
 * DARTS (quark0/darts, `cnn`): the supernet of `model_search.py`, and the networks of one genotype of `model.py`, which
 * PC-DARTS, P-DARTS and others train too. Their names equal the names of `darts` and `dartsNetwork` here. The weights
 * of one network can also begin a supernet: they go to the operations on its path.
 */
import { expected } from '../../base/errors.js'
import { candidateName } from '../../spaces/darts/darts.js'
import { decodeGenotype, type GenotypeCell } from '../../spaces/darts/genotype.js'
import { reductionsOf } from '../../spaces/darts/layers.js'
import type { WeightShapes } from '../../spaces/entry.js'
import { type GivenPath, type NameMap, sameNames } from './name-map.js'

const CELL = /^cells\.(\d+)\./
const OPERATION = /^(cells\.(\d+))\._ops\.(\d+)\.(.+)$/
/** A tensor of a supernet, in which an edge has several operations. */
const CANDIDATE = /^cells\.\d+\._ops\.\d+\._ops\.\d+\./

export const DARTS: NameMap = {
  name: 'darts',
  spaces: ['darts', 'darts-network'],
  recognises: (names) => names.some((name) => OPERATION.test(name)),
  rename: (name) => name,
  translate(tensors, space, given) {
    const alone = ![...tensors.keys()].some((name) => CANDIDATE.test(name))
    if (space.name !== 'darts' || !alone) return { names: sameNames(tensors), path: given?.path }
    if (given === undefined) {
      throw expected('a path', 'the weights of one network of darts', 'none', 2)
    }
    return { names: namesInSupernet(tensors, given), path: given.path }
  },
  unused(name) {
    if (/^(alphas|betas)_/.test(name)) return 'architecture parameters'
    return name.startsWith('auxiliary_head.') ? 'an auxiliary head, which only training uses' : undefined
  },
  norms: /^(stem\.1|cells\.\d+\.(preprocess[01]\.(op\.2|bn)|_ops\.\d+(\._ops\.\d+)?\.(op\.[37]|bn|1)))$/,
  affineNorms: /^stem\.1\.(weight|bias)$/,
}

/**
 * The supernet's names of one network's tensors. The order of a node's two operations in the genotype's text decides
 * which operation has which weights; a path does not keep that order.
 */
function namesInSupernet(tensors: WeightShapes, { text }: GivenPath): Map<string, string> {
  const genotype = decodeGenotype(text)
  let cells = 0
  for (const name of tensors.keys()) cells = Math.max(cells, 1 + Number(CELL.exec(name)?.[1] ?? -1))
  const reductions = reductionsOf(cells)
  return new Map(
    [...tensors.keys()].map((name) => {
      const [, cell, index, position, rest] = OPERATION.exec(name) ?? []
      if (rest === undefined) return [name, name]
      const edges: GenotypeCell = reductions.has(Number(index)) ? genotype.reduce : genotype.normal
      const edge = edges[Number(position)]
      // Each of the nodes 2, 3, … has two operations.
      const node = 2 + Math.floor(Number(position) / 2)
      return [name, edge === undefined ? name : `${candidateName(cell, node, edge)}.${rest}`]
    }),
  )
}
