/**
 * DARTS (quark0/darts, `cnn`): the supernet of `model_search.py` and the networks of one genotype of `model.py`, which
 * PC-DARTS, P-DARTS and others train too. Names are those of `darts` and `dartsNetwork` here. A network of one genotype
 * can also begin a supernet: its operations become those of the supernet that its path takes.
 */
import { UserError } from '../../base/errors.js'
import { candidateName } from '../../spaces/darts/darts.js'
import { decodeGenotype, type GenotypeCell } from '../../spaces/darts/genotype.js'
import { reductionsOf } from '../../spaces/darts/layers.js'
import type { WeightShapes } from '../../spaces/entry.js'
import { type GivenPath, type NameMap, sameNames } from './name-map.js'

const CELL = /^cells\.(\d+)\./
const OPERATION = /^(cells\.(\d+))\._ops\.(\d+)\.(.+)$/
/** Of a supernet, where an edge has several operations. */
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
      throw new UserError('Expected a path for the weights of one network of darts but received none', 2)
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

/** The order of the two operations of a node decides whose weights are whose; a path has lost it, so the text counts. */
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
      // Two operations for each of nodes 2, 3, ….
      const node = 2 + Math.floor(Number(position) / 2)
      return [name, edge === undefined ? name : `${candidateName(cell, node, edge)}.${rest}`]
    }),
  )
}
