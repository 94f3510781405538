import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { parseConfig, parseRetrainConfig } from '../../../src/config/index.js'
import { configJsonSchema, overlayOf, retrainJsonSchema } from '../../../src/config/json-schema.js'
import { descriptionsOf, undescribed, validator } from '../../support/settings-schema.js'

const accepts = validator(configJsonSchema())

describe('the JSON Schema of a search', () => {
  it('describes every setting and every variant', () => {
    expect(undescribed(configJsonSchema())).toEqual([])
  })

  it('describes them in sentences of at most 25 words', () => {
    const sentences = descriptionsOf(configJsonSchema()).flatMap((text) => text.split(/[.;] /))
    expect(sentences.filter((sentence) => sentence.split(/\s+/).length > 25)).toEqual([])
  })

  const files = readdirSync('configs').filter((name) => /^(?!retrain-).*\.yaml$/.test(name))
  it.each(files)('accepts %s, whose first line names it for editors', (name) => {
    const text = readFileSync(`configs/${name}`, 'utf8')
    expect(text.split('\n', 1)).toEqual(['# yaml-language-server: $schema=./schema.json'])
    expect(accepts(parse(text))).toBe(true)
  })

  it.each([
    ['nothing but defaults', {}],
    [
      'a limit as a number and as a group',
      { finding: { algorithm: 'random', limits: { flops: 1, latency: { min: 1 } } } },
    ],
    ['a path as text', { method: { name: 'standalone', path: '1,2' } }],
    ['a schedule with its own settings', { method: { name: 'pada', dataSchedule: { kind: 'constant', value: 0.5 } } }],
  ])('accepts %s, as zod does', (_what, settings) => {
    expect(accepts(settings)).toBe(true)
    parseConfig(settings as object)
  })

  it.each([
    ['an unknown key', { epochs: 3 }],
    ['an unknown key of a group', { training: { epoch: 3 } }],
    ['an unknown key of a nested group', { ranking: { recalibration: { image: 3 } } }],
    ['a key of another variant', { method: { name: 'spos', perEdge: true } }],
    ['an unknown variant', { space: { name: 'nasbench301' } }],
    ['a variant without its name', { finding: { evaluations: 3 } }],
    ['a variant without what it requires', { method: { name: 'standalone' } }],
    ['a number out of range', { training: { epochs: 0 } }],
    ['a number of a variant out of range', { training: { optimizer: { kind: 'sgd', momentum: 1 } } }],
    ['a fraction for a count', { training: { epochs: 1.5 } }],
    ['text for a number', { training: { learningRate: 'fast' } }],
    ['another word', { device: 'tpu' }],
    ['a list of another length', { space: { name: 'proxylessnas', layers: [4, 4] } }],
    ['a name that no folder could have', { name: 'a b' }],
  ])('refuses %s, as zod does', (_what, settings) => {
    expect(accepts(settings)).toBe(false)
    expect(() => parseConfig(settings as object)).toThrow(/^Expected /)
  })
})

describe('the JSON Schema of a retraining', () => {
  const acceptsRecipe = validator(retrainJsonSchema())

  it('describes every setting and every variant, in sentences of at most 25 words', () => {
    expect(undescribed(retrainJsonSchema())).toEqual([])
    const sentences = descriptionsOf(retrainJsonSchema()).flatMap((text) => text.split(/[.;] /))
    expect(sentences.filter((sentence) => sentence.split(/\s+/).length > 25)).toEqual([])
  })

  const recipes = readdirSync('configs').filter((name) => /^retrain-.*\.yaml$/.test(name))
  it.each(recipes)('accepts %s, as zod does, whose first line names it for editors', (name) => {
    const text = readFileSync(`configs/${name}`, 'utf8')
    expect(text.split('\n', 1)).toEqual(['# yaml-language-server: $schema=./retrain-schema.json'])
    const { network, data, ...rest } = parse(text)
    expect(acceptsRecipe({ network, data, ...rest })).toBe(true)
    expect(
      parseRetrainConfig({
        ...rest,
        network: { path: 'x', ...network },
        data: data?.format === 'embedded' ? data : { dir: 'x', ...data },
      }),
    ).toMatchObject({ ...rest, network, data })
  })

  it.each([
    ['settings of a search', { space: { name: 'darts' } }],
    ['a setting of another network', { network: { space: 'darts', path: 'x', dropout: 0.2 } }],
    ['no network', {}],
  ])('refuses %s, as zod does', (_what, settings) => {
    expect(acceptsRecipe(settings)).toBe(false)
    expect(() => parseRetrainConfig(settings as never)).toThrow(/^Expected /)
  })
})

describe('overlayOf', () => {
  const acceptsOverlay = validator(overlayOf(configJsonSchema()))

  it('requires nothing, and lets null take a setting away', () => {
    expect(acceptsOverlay({ space: { sharing: 'perCell' }, method: { dataSchedule: { value: 0.5 } } })).toBe(true)
    expect(acceptsOverlay({ finding: null, training: { schedule: null, epochs: null } })).toBe(true)
  })

  it('still knows all keys and values', () => {
    expect(acceptsOverlay({ space: { sharing: 'perStage' } })).toBe(false)
    expect(acceptsOverlay({ training: { epoch: 3 } })).toBe(false)
    expect(acceptsOverlay({ method: { name: 'spos', perEdge: true } })).toBe(false)
  })
})
