import { expect, it } from 'vitest'
import { findViews } from '../../../src/formats/state-dict.js'
import { View } from '../../../src/formats/torch-tensors.js'

const tensor: View = Object.create(View.prototype)
type Dict = { readonly [name: string]: Dict | View | number }

/** Dictionaries as they are unpickled. */
function pickled(dict: Dict): Map<string, unknown> {
  return new Map(
    Object.entries(dict).map(([name, item]) => [
      name,
      typeof item === 'object' && item !== tensor ? pickled(item as Dict) : item,
    ]),
  )
}

it.each<[string, Dict, string | undefined, string[], string[]]>([
  ['the checkpoint itself', { a: tensor, b: tensor }, undefined, [], ['a', 'b']],
  ['a usual key', { epoch: 1, model: { a: tensor }, alpha: tensor }, 'model', [], ['a']],
  [
    'a usual key before an earlier unusual one',
    { model_ema: { a: tensor }, net: { b: tensor } },
    'net',
    ['model_ema'],
    ['b'],
  ],
  ['the only key', { epoch: 1, model_state: { a: tensor } }, 'model_state', [], ['a']],
  ['the only key two levels down', { state: { epoch: 1, inner: { 'module.a': tensor } } }, 'state.inner', [], ['a']],
  [
    'the checkpoint itself, with averages beside its tensors',
    { 'a.weight': tensor, ema: { a: tensor }, 'b._extra_state': { a: tensor } },
    undefined,
    ['ema'],
    ['a.weight'],
  ],
])('finds the state dict: %s', (_, checkpoint, key, otherKeys, names) => {
  const { views, prefix, ...choice } = findViews(pickled(checkpoint), 'FILE')
  expect(choice).toEqual({ ...(key !== undefined && { key }), otherKeys })
  expect([...views.keys()]).toEqual(names)
  expect(prefix).toBe(key === 'state.inner' ? 'module.' : undefined)
})

it('asks for a key if none of several is usual, and finds dictionaries that hold themselves once', () => {
  const both = pickled({ epoch: 1, teacher: { a: tensor }, student: { a: tensor } })
  expect(() => findViews(both, 'FILE')).toThrow('Expected teacher or student for --key of FILE but received none')
  expect(findViews(both, 'FILE', { key: 'student' })).toMatchObject({ key: 'student', otherKeys: ['teacher'] })
  const loop = pickled({ epoch: 1, inner: { student: { a: tensor } } })
  const inner = loop.get('inner') as Map<string, unknown>
  inner.set('again', inner).set('outer', loop)
  expect(findViews(loop, 'FILE')).toMatchObject({ key: 'inner.student', otherKeys: [] })
  expect(() => findViews(pickled({ model: { a: tensor, step: 1 } }), 'FILE')).toThrow(
    'Expected a tensor for step in FILE',
  )
  expect(() => findViews(pickled({ epoch: 1, state_dict: {} }), 'FILE')).toThrow(
    'Expected weights for FILE but received no tensor, only epoch (a number), state_dict (an empty dictionary)',
  )
})
