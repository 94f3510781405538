import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { pada, temporaryFolder } from '../support/harness.js'

/** One small search per space, on images that come with the package: seconds each. */
const CONFIGS = fileURLToPath(new URL('../../configs', import.meta.url))
const smoke = readdirSync(CONFIGS).filter((file) => /^(?!retrain-).*-smoke\.yaml$/.test(file))

describe('the smoke configurations', () => {
  it.each(smoke)('%s trains and ranks', async (file) => {
    const folder = join(temporaryFolder(), 'run')
    const { code, stdout, stderr } = await pada(['search', '--config', join(CONFIGS, file), '--out', folder, '--json'])
    expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' })
    const result = JSON.parse(stdout.trim().split('\n').at(-1) ?? '')
    expect(result.event).toBe('result')
    expect(result.gradientVariance.every((value: number) => value > 0)).toBe(true)
    expect(readFileSync(join(folder, 'ranking.csv'), 'utf8').trimEnd().split('\n')).toHaveLength(result.ranked + 1)
  })
})
