import { expect, test } from 'vitest'
import { planOf, progressOf } from '../../../src/watch/shapes.js'

const step = { event: 'step', epoch: 1, step: 5, steps: 10, images: 320, seconds: 1, loss: 2 }
const progress = { phase: 'training', done: 15, total: 40, perSecond: null, time: 't', event: step }

test('progress is taken if it has what the page reads', () => {
  expect(progressOf(JSON.stringify(progress))).toEqual(progress)
  const evaluated = { ...progress, phase: 'ranking', perSecond: 2, event: { event: 'evaluated', done: 1, total: 3 } }
  expect(progressOf(JSON.stringify(evaluated))).toEqual(evaluated)
  const measuring = { ...progress, event: { event: 'measuring', epoch: 1, what: 'accuracy' } }
  expect(progressOf(JSON.stringify(measuring))).toEqual(measuring)
  for (const other of [
    {},
    null,
    [],
    { ...progress, phase: 'dreaming' },
    { ...progress, done: null },
    { ...progress, perSecond: undefined },
    { ...progress, event: undefined },
    { ...progress, event: { event: 'step' } },
    { ...progress, event: { event: 'measuring', epoch: 1, what: 'time' } },
    { ...progress, event: { event: 'other' } },
  ]) {
    expect(progressOf(JSON.stringify(other)), JSON.stringify(other)).toBeUndefined()
  }
  for (const torn of ['', '{', 'null']) expect(progressOf(torn)).toBeUndefined()
})

test('a plan is taken if it has what the page reads', () => {
  const cell = { id: 'pada-seed0', labels: { method: 'PA&DA' }, seed: 0 }
  expect(planOf(JSON.stringify({ name: 'a', cells: [cell] }))).toEqual({ name: 'a', cells: [cell] })
  for (const cells of [undefined, null, {}, [null], [{ ...cell, id: 3 }], [{ ...cell, labels: null }]]) {
    expect(planOf(JSON.stringify({ name: 'a', cells })), JSON.stringify(cells)).toBeUndefined()
  }
  expect(planOf('{')).toBeUndefined()
})
