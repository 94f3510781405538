import type { PassThrough } from 'node:stream'
import { stripVTControlCharacters } from 'node:util'
import { describe, expect, test } from 'vitest'
import { toAscii } from '../../../../src/cli/output/ascii.js'
import { BarReporter } from '../../../../src/cli/output/bars.js'
import { firstThatFits, fold } from '../../../../src/cli/output/fit.js'
import { LineReporter } from '../../../../src/cli/output/lines.js'
import { renderResult } from '../../../../src/cli/output/result.js'
import { result, terminal, written } from '../../../support/made-up-search.js'

describe('a terminal of another kind', () => {
  /** The bar of the training at its end, at a width. */
  const barAt = (columns: number, ascii = false) => {
    const stream = (through: PassThrough) =>
      Object.assign(through, terminal(), { columns }) as unknown as NodeJS.WriteStream
    const text = written((through) => new BarReporter(stream(through), { ascii }))
    const last = stripVTControlCharacters(text).split('training ').at(-1)
    return `training ${last?.split('\n')[0]}`
  }

  test('of any width has a bar that fits, whose position and time left go last', () => {
    expect(barAt(120)).toMatch(/^training ━{24} 100 % · epoch 2\/2 · loss 1\.500 · GV 2\.80e-5 · 5,210 images\/s$/)
    expect(barAt(68)).toMatch(/^training ━{12} 100 % · epoch 2\/2 · loss 1\.500 · GV 2\.80e-5$/)
    expect(barAt(40)).toMatch(/^training ━{12} 100 % · epoch 2\/2$/)
    expect(barAt(30)).toBe('training 100 % · epoch 2/2')
    expect(barAt(16)).toBe('training 100 %')
  })

  test('that knows ASCII only is given nothing else', () => {
    expect(barAt(120, true)).toMatch(/^training ={24} 100 % \| epoch 2\/2 \|/)
    const lines = written((stream) => new LineReporter(stream, { ascii: true }))
    expect(lines).not.toMatch(/[^\p{ASCII}]/u)
    expect(toAscii('“é” 1 ± 2 → ▁█ ┌─┐')).toBe('"é" 1 +- 2 -> _# +-+')
  })

  test.each([100, 80, 60, 45, 40])('of %i columns has tables that fit', (columns) => {
    const path = new Array(14).fill(3)
    const best = [{ ...result.top[0], path, costs: { parameters: 8514, multiplyAdds: 259_232, flops: 564_042 } }]
    const found = { algorithm: 'evolution', evaluations: 3, objectives: ['accuracy'], best }
    const lines = renderResult({ ...result, top: best, found }, { color: false, columns })
    const tables = lines.filter((line) => /[│─]/.test(line))
    expect(tables.length).toBeGreaterThan(6)
    for (const line of tables) expect(line.length, line).toBeLessThanOrEqual(columns)
    // Paths may be broken, but lack nothing.
    expect(tables.join('').match(/(?<![\d.])3(?=[,  ])/g)).toHaveLength(28)
  })

  test('has lines broken at spaces, and long words whole', () => {
    expect(fold('one two three', 8)).toEqual(['one two', '  three'])
    expect(fold('a/very/long/path b', 8)).toEqual(['a/very/long/path', '  b'])
    expect(fold('one two three', undefined)).toEqual(['one two three'])
    expect(firstThatFits(3, [() => 'four', () => 'two\nsix'])).toEqual(['two', 'six'])
    expect(firstThatFits(1, [() => 'four', () => 'six'])).toEqual(['six'])
  })
})
