import { PassThrough } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { errorIn, lastWords } from '../../../src/base/last-words.js'

describe('lastWords', () => {
  it('keeps the end of what a stream says', async () => {
    const stream = new PassThrough()
    const said = lastWords(stream)
    const ended = new Promise((resolve) => stream.once('end', resolve))
    stream.write('x'.repeat(10_000))
    stream.end('the end')
    await ended
    expect(said()).toHaveLength(4_096)
    expect(said()).toMatch(/xthe end$/)
  })
})

describe('errorIn', () => {
  it.each([
    [
      'Loading\npada-native: Expected a file but received none\n  and this\n',
      'Expected a file but received none\n  and this',
    ],
    [
      "file:///a.js:3\n  throw new TypeError('no')\n  ^\n\nTypeError: no\n    at file:///a.js:3:9\n\nNode.js v22.18.0\n",
      'TypeError: no',
    ],
    ['Error [ERR_X]: gone\n    at f\n', 'Error [ERR_X]: gone'],
    ['Loading\n', undefined],
    ['', undefined],
  ])('finds the error in %j', (said, error) => expect(errorIn(said)).toBe(error))
})
