/** The loss of an evaluation: finite, and evaluated again where a file holds null. */
import '../../support/fake-addon.js'
import { expect, it, vi } from 'vitest'
import { type Evaluation, evaluatePath } from '../../../src/evaluation/evaluate.js'
import { Dataset, Supernet } from '../../../src/native/index.js'
import { nasBench201 } from '../../../src/spaces/index.js'
import { tinyImages } from '../../support/tiny.js'

const space = nasBench201({ channels: 2, cellsPerStage: 1, input: { channels: 1, height: 8, width: 8 }, classes: 4 })
const path = [3, 2, 1, 0, 3, 2]

async function evaluate(loss: number, known?: Evaluation) {
  using supernet = Supernet.of(space)
  using data = new Dataset(tinyImages(20))
  vi.spyOn(supernet, 'evaluate').mockResolvedValue({ count: 20, correct: 4, correctTop5: 12, loss })
  const added: Evaluation[] = []
  const evaluated = { get: () => known, add: async (evaluation: Evaluation) => void added.push(evaluation) }
  try {
    return { ...(await evaluatePath({ space, supernet, data, batchSize: 10, evaluated }, path)), added }
  } catch (error) {
    expect(added).toEqual([])
    throw error
  }
}

it.each([Number.NaN, Number.POSITIVE_INFINITY])(
  'a loss of %d is an error that names the path, and not kept',
  async (loss) => {
    await expect(evaluate(loss)).rejects.toThrow(
      `Expected a finite loss for path 3,2,1,0,3,2 but received ${loss}: try a lower training.learningRate`,
    )
  },
)

it('a remembered evaluation is taken, and a loss that is not finite is refused', async () => {
  const known = { path, count: 20, correct: 9, correctTop5: 12, loss: 2, seconds: 1 }
  expect(await evaluate(1.5, known)).toMatchObject({ correct: 9, loss: 2, added: [] })
  expect(await evaluate(1.5)).toMatchObject({ correct: 4, loss: 1.5, added: [{ loss: 1.5 }] })
  await expect(evaluate(Number.POSITIVE_INFINITY)).rejects.toThrow('but received Infinity')
})

it('takes its share of the seconds, if several processes evaluate at a time', async () => {
  using supernet = Supernet.of(space)
  using data = new Dataset(tinyImages(20))
  let now = 0
  const clock = vi.spyOn(performance, 'now').mockImplementation(() => now)
  vi.spyOn(supernet, 'evaluate').mockImplementation(async () => {
    now += 8000
    return { count: 20, correct: 4, correctTop5: 12, loss: 1 }
  })
  const evaluator = { space, supernet, data, batchSize: 10 }
  expect([await evaluatePath(evaluator, path), await evaluatePath(evaluator, path, 4)]).toMatchObject([
    { seconds: 8 },
    { seconds: 2 },
  ])
  clock.mockRestore()
})
