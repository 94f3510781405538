import { expect, test } from 'vitest'
import { separateSettings } from '../../../src/cli/arguments.js'

const split = (line: string) => separateSettings(line.split(' ')).join(' ')

test('a list of settings ends where a word is no assignment', () => {
  expect(split('cost --set a.b=1 c=2 4,0,3,3,3,1')).toBe('cost --set a.b=1 --set c=2 4,0,3,3,3,1')
  expect(split('cost 4,0,3 --set a=1')).toBe('cost 4,0,3 --set a=1')
  expect(split('cost --set a=1 Genotype(normal=[1]) b=2')).toBe('cost --set a=1 Genotype(normal=[1]) b=2')
  expect(split('search --set a=1 b=2 --out x=y c=3')).toBe('search --set a=1 --set b=2 --out x=y c=3')
  expect(split('search --set a[0].b=1 c.d[1]=2')).toBe('search --set a[0].b=1 --set c.d[1]=2')
})

test('the first word after --set belongs to it, and those after -- to none', () => {
  expect(split('cost --set mistake 4,0')).toBe('cost --set mistake 4,0')
  expect(split('cost --set a=1 -- b=2 c=3')).toBe('cost --set a=1 b=2 c=3')
  expect(split('rank -- -run --set -- a')).toBe('rank ./-run ./--set ./-- a')
})
