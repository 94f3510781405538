import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { experimentJsonSchema } from '../../../src/experiment/json-schema.js'
import { planExperiment } from '../../../src/experiment/load.js'
import type { ExperimentInput } from '../../../src/experiment/settings.js'
import { undescribed, validator } from '../../support/settings-schema.js'

const accepts = validator(experimentJsonSchema())
const base = { name: 'small', seeds: [0], studies: { methods: { figure: 'method', methods: ['spos', 'pada'] } } }
const study = (values: object) => ({ ...base, studies: { one: values } })

describe('the JSON Schema of an experiment', () => {
  it('describes every setting', () => {
    expect(undescribed(experimentJsonSchema())).toEqual([])
  })

  const files = readdirSync('configs/experiments').filter((name) => name.endsWith('.yaml'))
  it.each(files)('accepts %s, whose first line names it for editors', (name) => {
    const text = readFileSync(`configs/experiments/${name}`, 'utf8')
    expect(text.split('\n', 1)).toEqual(['# yaml-language-server: $schema=./schema.json'])
    expect(accepts(parse(text))).toBe(true)
  })

  it.each([
    ['shorthands of values', base],
    ['settings laid over the rest', { ...base, set: { training: { epochs: 2 }, data: { trainCount: null } } }],
    ['values with a label', study({ figure: 'noise', noise: [0, { label: 'much', training: { gradientNoise: 1 } }] })],
    [
      'a space without its name',
      study({ figure: 'extent', extents: [{ label: 'all', space: { sharing: 'perCell' } }] }),
    ],
  ])('accepts %s, as its plan does', async (_what, settings) => {
    expect(accepts(settings)).toBe(true)
    await planExperiment(settings as ExperimentInput)
  })

  it.each([
    ['no seeds', { ...base, seeds: [] }],
    ['no studies', { name: 'none', seeds: [0] }],
    ['an unknown key', { ...base, seed: 0 }],
    ['an unknown key of a study', study({ figure: 'method', method: ['spos'] })],
    ['an unknown figure', study({ figure: 'seed', methods: ['spos'] })],
    ['an unknown method', study({ figure: 'method', methods: ['random'] })],
    ['text for a number of epochs', study({ figure: 'epochs', epochs: ['many'] })],
    ['a value without a label', study({ figure: 'method', methods: [{ method: { name: 'spos' } }] })],
    ['an unknown setting of a value', study({ figure: 'method', methods: [{ label: 'a', training: { epoch: 1 } }] })],
    ['a seed of a value', study({ figure: 'method', methods: [{ label: 'a', seed: 3 }] })],
    ['an unknown setting of all searches', { ...base, set: { training: { epoch: 1 } } }],
  ])('refuses %s, as its plan does', async (_what, settings) => {
    expect(accepts(settings)).toBe(false)
    await expect(planExperiment(settings as unknown as ExperimentInput)).rejects.toThrow(/^Expected /)
  })
})
