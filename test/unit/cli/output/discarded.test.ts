import { describe, expect, test } from 'vitest'
import { describeDiscarded } from '../../../../src/cli/output/discarded.js'

describe('what is discarded', () => {
  const discarded = (records: number | undefined, ...changed: string[]) =>
    describeDiscarded({ event: 'discarded', file: 'evaluated.jsonl', records, changed })

  test('is said in one line, with the reason', () => {
    expect(discarded(20, 'images')).toBe('discarded 20 records of evaluated.jsonl, made from other images')
    expect(discarded(1, 'weights', 'batchSize')).toBe(
      'discarded 1 record of evaluated.jsonl, made from other weights and with another batch size',
    )
    expect(discarded(3, 'threads')).toBe('discarded 3 records of evaluated.jsonl, made with another threads')
    expect(discarded(undefined, 'summary')).toBe(
      'removed evaluated.jsonl, because the damaged summary.json does not say what it was made from',
    )
    expect(discarded(undefined, 'rule')).toBe(
      'removed evaluated.jsonl, which was made by an earlier version, which did not keep what they were computed from',
    )
  })
})
