import '../../support/fake-addon.js'
import { describe, expect, it } from 'vitest'
import { parseRetrainConfig } from '../../../src/config/index.js'
import type { AnySplits } from '../../../src/data/splits.js'
import { prepareRetraining } from '../../../src/retraining/prepare.js'
import { refusal } from '../../support/refusal.js'
import { tinyImages, tinySplits } from '../../support/tiny.js'

const config = parseRetrainConfig({
  network: { space: 'nasbench-macro', path: '02012100', channels: 4 },
  training: { epochs: 1, batchSize: 10 },
})
const prepared = (changes: Partial<AnySplits>) =>
  prepareRetraining(config, { data: { ...tinySplits, ...changes } as AnySplits })

describe('images of a script, before a retraining', () => {
  it('are trained on if all splits fit together', async () => {
    const { splits, network } = await prepared({ validation: tinyImages(8) })
    expect(splits.classes).toBe(4)
    expect(network.input).toEqual({ channels: 1, height: 8, width: 8 })
  })

  const larger = { ...tinyImages(20), images: new Uint8Array(20 * 16 * 16), height: 16, width: 16 }

  it.each(['test', 'validation'])('are refused if %s images have another size', async (name) => {
    const { message, exitCode } = await refusal(prepared({ [name]: larger }))
    expect(message).toBe(`Expected ${name} images of 1×8×8 for the images but received 1×16×16`)
    expect(exitCode).toBe(2)
  })

  it.each(['train', 'test', 'validation'])('are refused if %s is empty', async (name) => {
    const { message } = await refusal(prepared({ [name]: tinyImages(0) }))
    expect(message).toBe(`Expected at least one image for ${name}.labels but received none`)
  })

  it('are refused if a label of validation is no class', async () => {
    const validation = { ...tinyImages(8), labels: new Int32Array(8).fill(9) }
    expect((await refusal(prepared({ validation }))).message).toMatch(/for validation\.labels but received 9/)
  })
})
