import { expect, test } from 'vitest'
import { describePredictions, predict } from '../../../src/cli/output/predictions.js'

test('the class of an image is that of the largest logit, with its softmax', () => {
  const logits = Float32Array.of(0, Math.log(3), -1000, 1000, 1000, 0)
  expect(predict(logits, ['a.png', 'b.png'], ['cat', 'dog'])).toEqual([
    { image: 'a.png', class: 1, name: 'dog', probability: expect.closeTo(0.75, 6) },
    { image: 'b.png', class: 0, name: 'cat', probability: 0.5 },
  ])
})

test('a class without a name is shown by its number, and long lists are cut', () => {
  const files = Array.from({ length: 103 }, (_, at) => `${at}.png`)
  const lines = describePredictions(predict(new Float32Array(206), files))
  expect(lines[3]).toMatch(/^│ 0\.png +│ class 0 │ +50\.00 % │$/)
  expect(lines).toHaveLength(100 + 4 + 1)
  expect(lines.at(-1)).toBe('and 3 more images, which --json lists')
})
