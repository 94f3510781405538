import { expect, test } from 'vitest'
import { Store } from '../../../assets/watch/store.js'
import type { RowsMessage, RunOverview } from '../../../src/watch/messages.js'
import { encodeSeries, Series } from '../../../src/watch/series.js'

const overview = (rows: number, generation = 0): RunOverview => ({
  id: 'a',
  state: 'running',
  generation,
  rows,
  steps: { generation: 0, rows: 0 },
  about: {},
  latest: {},
  damaged: 0,
  changed: 0,
})
const rowsMessage = (from: number, values: number[], generation = 0): RowsMessage => ({
  message: 'rows',
  run: 'a',
  series: 'epochs',
  generation,
  from,
  columns: ['loss'],
  rows: values.map((value) => [value]),
})
const hello = (run: RunOverview, instance = 'one') =>
  ({ message: 'hello', instance, folder: 'runs', runs: [run], plans: [] }) as const

/** What the server answers to a lack, if its log has these losses. */
function answer(losses: number[], from: number, generation = 0): ArrayBuffer {
  const series = new Series()
  for (const loss of losses) {
    series.add()
    series.set('loss', loss)
  }
  const bytes = encodeSeries(series, from, { generation })
  return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length) as ArrayBuffer
}
const losses = (store: Store) => [...(store.runs.get('a')?.epochs.column('loss') ?? [])]

test('the page takes each row once, however often it comes', () => {
  const store = new Store()
  store.apply(hello(overview(3)))
  expect(store.lacks(['a'])).toEqual([{ run: 'a', series: 'epochs', from: 0 }])
  store.fill({ run: 'a', series: 'epochs', from: 0 }, answer([5, 4, 3], 0))
  expect(losses(store)).toEqual([5, 4, 3])
  // A row that the answer had, and a new one.
  store.apply(rowsMessage(2, [3, 2]))
  store.apply(rowsMessage(2, [3, 2]))
  expect(losses(store)).toEqual([5, 4, 3, 2])
})

test('after a lost connection the page asks only for what it lacks', () => {
  const store = new Store()
  store.apply(hello(overview(2)))
  store.fill({ run: 'a', series: 'epochs', from: 0 }, answer([5, 4], 0))
  store.apply(hello(overview(4)))
  const [lack] = store.lacks(['a'])
  expect(lack).toEqual({ run: 'a', series: 'epochs', from: 2 })
  // The log has grown once more before the answer.
  store.fill(lack, answer([5, 4, 3, 2, 1], 2))
  expect(losses(store)).toEqual([5, 4, 3, 2, 1])
  expect(store.lacks(['a'])).toEqual([])
})

test('rows beyond a gap are not taken but asked for', () => {
  const store = new Store()
  store.apply(hello(overview(1)))
  store.fill({ run: 'a', series: 'epochs', from: 0 }, answer([5], 0))
  store.apply(rowsMessage(3, [2]))
  store.apply({ message: 'run', run: overview(4) })
  expect(losses(store)).toEqual([5])
  expect(store.lacks(['a'])).toEqual([{ run: 'a', series: 'epochs', from: 1 }])
})

test('a log that began anew replaces the curve, and late answers about the old one do nothing', () => {
  const store = new Store()
  store.apply(hello(overview(3)))
  store.fill({ run: 'a', series: 'epochs', from: 0 }, answer([5, 4, 3], 0))
  store.apply(rowsMessage(0, [5], 1))
  store.apply({ message: 'run', run: overview(1, 1) })
  store.fill({ run: 'a', series: 'epochs', from: 0 }, answer([5, 4, 3], 0))
  expect(losses(store)).toEqual([5])
  store.apply(rowsMessage(1, [4.5], 1))
  expect(losses(store)).toEqual([5, 4.5])
})

test('another server begins anew, and runs that have gone are forgotten', () => {
  const store = new Store()
  store.apply(hello(overview(1, 4)))
  store.fill({ run: 'a', series: 'epochs', from: 0 }, answer([5], 0, 4))
  store.apply(hello(overview(2, 0), 'two'))
  expect(store.lacks(['a'])).toEqual([{ run: 'a', series: 'epochs', from: 0 }])
  store.apply({ message: 'gone', run: 'a' })
  expect(store.runs.size).toBe(0)
  expect(store.lacks(['a'])).toEqual([])
})
