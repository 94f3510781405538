/**
 * The text form of a NAS-Bench-1Shot1 cell: its nodes from the first intermediate to the output, joined by `|`. Each
 * node is its operation, `~` and the digits of its parents, such as
 * `maxpool3x3~0|conv3x3~01|conv1x1~02|conv3x3~13|output~04`. The benchmark has no notation of its own; this one needs
 * no quotes in CSV.
 */
import { expected } from '../../base/errors.js'
import { type Cell, type CellSpace, checkCell, OPERATIONS } from './cell.js'

/** Names of the operations without `-bn-relu`, which all convolutions of the space have. */
export const NAMES = OPERATIONS.map((operation) => operation.replace('-bn-relu', ''))
const OUTPUT = 'output'

export function encodeCell({ parents, operations }: Cell): string {
  const names = [...operations.map((operation) => NAMES[operation]), OUTPUT]
  return names.map((name, i) => `${name}~${parents[i + 1].join('')}`).join('|')
}

/** Reads the notation of {@link encodeCell}; throws a UserError of one sentence if the text is no cell of the space. */
export function decodeCell(space: CellSpace, text: string): Cell {
  const nodes = text.split('|').map((part) => /^([^~]*)~(\d*)$/.exec(part))
  if (nodes.length !== space.intermediates + 1 || nodes.includes(null) || nodes.at(-1)?.[1] !== OUTPUT) {
    const form = `${'op~parents|'.repeat(space.intermediates)}${OUTPUT}~parents`
    throw expected(form, `a cell of ${space.name}`, `"${text}"`, 2)
  }
  const fields = nodes.map((match) => ({ name: match?.[1] ?? '', parents: [...(match?.[2] ?? '')].map(Number) }))
  const operations = fields.slice(0, -1).map(({ name }, i) => {
    const operation = NAMES.indexOf(name)
    if (operation >= 0) return operation
    throw expected(NAMES.join(', '), `node ${i + 1} of "${text}"`, `"${name}"`, 2)
  })
  const cell = { parents: [[], ...fields.map(({ parents }) => parents)], operations }
  checkCell(space, cell)
  return cell
}
