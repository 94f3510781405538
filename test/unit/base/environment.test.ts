import { expect, test } from 'vitest'
import { environment } from '../../../src/base/environment.js'

test('nothing set', () => {
  expect(environment({})).toMatchObject({ libtorch: undefined, python: undefined, offline: false, debug: false })
})

test('empty values count as unset, and flags read as people write them', () => {
  expect(environment({ LIBTORCH: ' ', PADA_OFFLINE: '' })).toMatchObject({ libtorch: undefined, offline: false })
  expect(environment({ LIBTORCH: ' /a b ' }).libtorch).toBe('/a b')
  for (const no of ['0', 'false', 'No']) expect(environment({ PADA_OFFLINE: no }).offline).toBe(false)
  for (const yes of ['1', 'true', 'yes']) expect(environment({ PADA_OFFLINE: yes }).offline).toBe(true)
})

test('flags of compiler and linker are one text', () => {
  expect(environment({}).compilerFlags).toBe('')
  expect(environment({ CXXFLAGS: '-g', LDFLAGS: '-s' }).compilerFlags).toBe('-g -s')
})
