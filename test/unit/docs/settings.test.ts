import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { generatedFiles } from '../../../scripts/docs/settings-page.mjs'
import { configJsonSchema, retrainJsonSchema } from '../../../src/config/json-schema.js'
import { experimentJsonSchema } from '../../../src/experiment/json-schema.js'

const generated = generatedFiles(configJsonSchema(), experimentJsonSchema(), retrainJsonSchema())

test.each(Object.keys(generated))('%s is what `npm run docs:settings` writes', (file) => {
  expect(readFileSync(file, 'utf8')).toBe(generated[file])
})

test('the page has a row for settings of every depth, with what they may be, their default and their meaning', () => {
  const rows = generated['docs/settings.md'].split('\n')
  const row = (key: string) => rows.find((line) => line.startsWith(`| \`${key}\` |`))
  expect(row('seed')).toMatch(/\| whole number ≥ 0 \| `0` \| Seed of all random draws/)
  expect(row('training.optimizer.momentum')).toContain('| number ≥ 0 and < 1 | `0.9` |')
  expect(row('space.layers')).toContain('| list of 6 whole numbers ≥ 1 and ≤ 1000 | `[4, 4, 4, 4, 4, 1]` |')
  expect(row('method.pathSchedule')).toContain('| group, see below | `{ kind: linear }` |')
  expect(row('method.pathSchedule.value')).toContain('| number ≥ 0 and ≤ 1 | required |')
  expect(row('ranking.recalibration.images')).toContain('| `2000` |')
  expect(row('ranking.subModels')).toContain('| whole number ≥ 1, `all` or `groundTruth` | `all` |')
  expect(row('finding.limits.latency')).toContain('| number ≥ 0 or `{ min, max }` |')
  expect(row('network.dropout')).toContain('| number ≥ 0 and < 1 | `0` |')
  expect(row('evaluation.batchSize')).toContain('| `512` |')
  expect(row('threads')).toMatch(/\| all cores \| Threads of native computation\. A container's quota .* \|$/)
  expect(row('studies.NAME.noise')).toContain('| list of numbers ≥ 0 or groups with a `label` |')
})

test('the page names the variants of a setting, and what all of them share, once', () => {
  const page = generated['docs/settings.md']
  expect(page).toContain('| `pada` (default) | PA&DA')
  expect(page.match(/`finding\.objectives` \|/g)).toHaveLength(1)
  expect(page).toContain('#### `method.pathSchedule` and `method.dataSchedule`\n')
  expect(page).not.toContain('`method.dataSchedule.kind`')
})

test('the page follows a schema whose list has variants', () => {
  const flip = {
    type: 'object',
    description: 'Mirror it.',
    properties: { kind: { const: 'flip' } },
    required: ['kind'],
  }
  const pixels = { type: 'integer', minimum: 1, description: 'Pixels of padding.' }
  const crop = {
    type: 'object',
    description: 'Crop it.',
    properties: { kind: { const: 'crop' }, pad: pixels },
    required: ['kind', 'pad'],
  }
  const changes = {
    type: 'array',
    default: [{ kind: 'flip' }],
    description: 'Changes.',
    items: { oneOf: [flip, crop] },
  }
  const page = generatedFiles({ properties: { changes } }, {}, {})['docs/settings.md']
  expect(page).toContain('| `changes` | list of groups, see below | `[{ kind: flip }]` | Changes. |')
  expect(page).toContain('| `changes.kind` (required) | Meaning |')
  expect(page).toContain('| `crop` | Crop it. |')
  expect(page).toContain('| `changes.pad` | whole number ≥ 1 | required | Pixels of padding. |')
})
