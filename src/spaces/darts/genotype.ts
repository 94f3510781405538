/**
 * Genotypes of DARTS (Liu, Simonyan and Yang, ICLR 2019), which describe its two cells. Their notation is a Python
 * expression that the authors' PyTorch code evaluates. A cell has two inputs, nodes 0 and 1, which are the outputs of
 * the two cells before it. Each of its nodes 2…5 is the sum of two operations on two different earlier nodes. Its
 * output is the concatenation of nodes 2…5.
 */
import { expected, UserError } from '../../base/errors.js'

/** Operations of genotypes, by index: the operations of DARTS without `none`, which no genotype contains. */
export const OPERATIONS = [
  'max_pool_3x3',
  'avg_pool_3x3',
  'skip_connect',
  'sep_conv_3x3',
  'sep_conv_5x5',
  'dil_conv_3x3',
  'dil_conv_5x5',
] as const

/** An operation of a genotype, as DARTS names it. */
export type DartsOperation = (typeof OPERATIONS)[number]

/** The nodes of a cell that compute something, in order; 0 and 1 are its inputs. */
export const NODES = [2, 3, 4, 5] as const

/** An operation and the node that it reads. */
export type GenotypeEdge = readonly [operation: DartsOperation, predecessor: number]

/**
 * Two edges for each of nodes 2…5, in this order. The order of the two edges of a node matters to the names of weights
 * only.
 */
export type GenotypeCell = readonly GenotypeEdge[]

/** Both cells of a network. */
export interface Genotype {
  readonly normal: GenotypeCell
  /** The cell that halves height and width: its operations on nodes 0 and 1 have stride 2. */
  readonly reduce: GenotypeCell
}

/** Found on CIFAR-10 by the first-order search of DARTS. */
export const DARTS_V1: Genotype = {
  normal: [
    ['sep_conv_3x3', 1],
    ['sep_conv_3x3', 0],
    ['skip_connect', 0],
    ['sep_conv_3x3', 1],
    ['skip_connect', 0],
    ['sep_conv_3x3', 1],
    ['sep_conv_3x3', 0],
    ['skip_connect', 2],
  ],
  reduce: [
    ['max_pool_3x3', 0],
    ['max_pool_3x3', 1],
    ['skip_connect', 2],
    ['max_pool_3x3', 0],
    ['max_pool_3x3', 0],
    ['skip_connect', 2],
    ['skip_connect', 2],
    ['avg_pool_3x3', 0],
  ],
}

/** Found on CIFAR-10 by the second-order search of DARTS. Its test error there is 2.76 ± 0.09 %. */
export const DARTS_V2: Genotype = {
  normal: [
    ['sep_conv_3x3', 0],
    ['sep_conv_3x3', 1],
    ['sep_conv_3x3', 0],
    ['sep_conv_3x3', 1],
    ['sep_conv_3x3', 1],
    ['skip_connect', 0],
    ['skip_connect', 0],
    ['dil_conv_3x3', 2],
  ],
  reduce: [
    ['max_pool_3x3', 0],
    ['max_pool_3x3', 1],
    ['skip_connect', 2],
    ['max_pool_3x3', 1],
    ['max_pool_3x3', 0],
    ['skip_connect', 2],
    ['skip_connect', 2],
    ['max_pool_3x3', 1],
  ],
}

/** Genotypes that code of others knows by name. */
const NAMED: ReadonlyMap<string, Genotype> = new Map(Object.entries({ DARTS_V1, DARTS_V2 }))

/**
 * The genotype as Python prints it, to paste into PyTorch code:
 * `Genotype(normal=[('sep_conv_3x3', 1), …], normal_concat=range(2, 6), …)`.
 */
export function encodeGenotype({ normal, reduce }: Genotype): string {
  const list = (cell: GenotypeCell) => `[${cell.map(([name, from]) => `('${name}', ${from})`).join(', ')}]`
  return `Genotype(normal=${list(normal)}, normal_concat=${CONCAT}, reduce=${list(reduce)}, reduce_concat=${CONCAT})`
}

/**
 * Reads the notation of {@link encodeGenotype}. White space, double quotes, trailing commas, and `[2, 3, 4, 5]` instead
 * of `range(2, 6)` are allowed. So are the names `DARTS_V1` and `DARTS_V2`.
 *
 * @throws UserError of one sentence for anything else.
 */
export function decodeGenotype(text: string): Genotype {
  const named = NAMED.get(text.trim())
  if (named !== undefined) return named
  const tight = text.trim().replaceAll(/\s*([()[\],=])\s*/g, '$1')
  const [, ...lists] = FORM.exec(tight.replaceAll(/,([)\]])/g, '$1')) ?? []
  const [normal, reduce] = [edgesOf(lists[0]), edgesOf(lists[1])]
  if (normal === undefined || reduce === undefined) {
    const cell = (name: string) => `${name}=[('operation', node), …], ${name}_concat=${CONCAT}`
    const names = [...NAMED.keys()].join(' or ')
    throw new UserError(`Expected Genotype(${cell('normal')}, ${cell('reduce')}), ${names} but received "${text}"`, 2)
  }
  const genotype = { normal, reduce } as Genotype
  checkGenotype(genotype)
  return genotype
}

/** Throws a {@link UserError} unless every node of both cells has two known operations on different earlier nodes. */
export function checkGenotype(genotype: Genotype): void {
  for (const name of ['normal', 'reduce'] as const) {
    const cell = genotype[name]
    const edges = 2 * NODES.length
    if (cell.length !== edges) {
      throw expected(`${edges} operations`, `${name} of a genotype`, cell.length, 2)
    }
    for (const node of NODES) {
      const pair = edgesInto(cell, node)
      const nodeName = `node ${node} in ${name} of a genotype`
      for (const [operation] of pair) {
        if (OPERATIONS.includes(operation)) continue
        throw expected(OPERATIONS.join(', '), nodeName, `"${operation}"`, 2)
      }
      const [a, b] = pair.map(([, predecessor]) => predecessor)
      if (a !== b && isNodeBelow(node, a) && isNodeBelow(node, b)) continue
      const wanted = `two different nodes of 0…${node - 1} as predecessors`
      throw new UserError(`Expected ${wanted} of ${nodeName} but received ${a} and ${b}`, 2)
    }
  }
}

/** The two edges of one of nodes 2…5. */
export function edgesInto(cell: GenotypeCell, node: number): GenotypeCell {
  return cell.slice(2 * (node - 2), 2 * (node - 1))
}

function isNodeBelow(node: number, value: number): boolean {
  return Number.isInteger(value) && value >= 0 && value < node
}

const CONCAT = 'range(2, 6)'

/**
 * Matches a genotype without white space around punctuation and without trailing commas. Its groups are the two lists
 * of edges.
 */
const FORM = new RegExp(
  `^Genotype\\(${['normal', 'reduce']
    .map((name) => `${name}=\\[([^\\[\\]]*)\\],${name}_concat=(?:range\\(2,6\\)|\\[2,3,4,5\\])`)
    .join()}\\)$`,
)
const EDGE = /\((["'])([^"',]*)\1,(\d+)\)/g

/** Edges of a list, given the text between its brackets; undefined if the text is no list of edges. */
function edgesOf(list = '?'): (readonly [string, number])[] | undefined {
  const edges = [...list.matchAll(EDGE)]
  if (edges.map(([edge]) => edge).join() !== list) return undefined
  return edges.map(([, , operation, predecessor]) => [operation, Number(predecessor)])
}
