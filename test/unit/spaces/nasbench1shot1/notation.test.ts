import { describe, expect, it } from 'vitest'
import { UserError } from '../../../../src/base/errors.js'
import { CELL_SPACES, enumerateCells, enumeratePublishedCells } from '../../../../src/spaces/nasbench1shot1/cell.js'
import { decodeCell, encodeCell } from '../../../../src/spaces/nasbench1shot1/notation.js'

const TEXT = 'maxpool3x3~0|conv3x3~01|conv1x1~02|conv3x3~13|output~04'
const first = CELL_SPACES[1]

describe('the notation of cells', () => {
  it('names each node’s operation and parents', () => {
    const cell = { parents: [[], [0], [0, 1], [0, 2], [1, 3], [0, 4]], operations: [0, 1, 2, 1] }
    expect(encodeCell(cell)).toBe(TEXT)
    expect(decodeCell(first, TEXT)).toEqual(cell)
  })

  it('comes back as the cell that was written', () => {
    const sample = [...enumeratePublishedCells(CELL_SPACES[3])].filter((_, i) => i % 11 === 0)
    const cells = [enumerateCells(CELL_SPACES[1]), enumerateCells(CELL_SPACES[2]), sample]
    for (const [i, space] of Object.values(CELL_SPACES).entries()) {
      const all = Array.from(cells[i], (cell) => JSON.stringify(cell))
      const back = Array.from(all, (cell) => JSON.stringify(decodeCell(space, encodeCell(JSON.parse(cell)))))
      expect(back.filter((cell, j) => cell !== all[j])).toEqual([])
    }
  })

  const form = 'Expected op~parents|op~parents|op~parents|op~parents|output~parents for a cell of nasbench1shot1-1'
  it.each([
    ['', `${form} but received ""`],
    ['nonsense', `${form} but received "nonsense"`],
    ['3,0,1', `${form} but received "3,0,1"`],
    [`${TEXT}|output~04`, `${form} but received "${TEXT}|output~04"`],
    [TEXT.replace('output', 'conv3x3'), `${form} but received "${TEXT.replace('output', 'conv3x3')}"`],
    [TEXT.replace('~13', '~1-3'), `${form} but received "${TEXT.replace('~13', '~1-3')}"`],
    [TEXT.replace('~13', ''), `${form} but received "${TEXT.replace('~13', '')}"`],
    [` ${TEXT}`, `Expected maxpool3x3, conv3x3, conv1x1 for node 1 of " ${TEXT}" but received " maxpool3x3"`],
    [
      TEXT.replace('conv1x1', 'conv5x5'),
      `Expected maxpool3x3, conv3x3, conv1x1 for node 3 of "${TEXT.replace('conv1x1', 'conv5x5')}" but received "conv5x5"`,
    ],
    [
      TEXT.replace('~13', '~31'),
      'Expected 2 of 0…3, ascending, as parents of node 4 of nasbench1shot1-1 but received 3,1',
    ],
    [
      TEXT.replace('~04', '~014'),
      'Expected 2 of 0…4, ascending, as parents of node 5 of nasbench1shot1-1 but received 0,1,4',
    ],
    [
      TEXT.replace('~01', '~'),
      'Expected 2 of 0…1, ascending, as parents of node 2 of nasbench1shot1-1 but received none',
    ],
  ])('refuses "%s" in one sentence, as wrong usage', (text, message) => {
    expect(() => decodeCell(first, text)).toThrow(new UserError(message, 2))
  })

  it('refuses cells of another space', () => {
    expect(() => decodeCell(CELL_SPACES[2], TEXT)).toThrow(
      'Expected 1 of 0…1, ascending, as parents of node 2 of nasbench1shot1-2 but received 0,1',
    )
    expect(() => decodeCell(CELL_SPACES[3], TEXT)).toThrow('for a cell of nasbench1shot1-3 but received')
  })
})
