import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { writeSafetensors } from '../../../src/formats/safetensors.js'
import { openWeights } from '../../../src/runs/open-weights.js'
import { temporaryFolder } from '../../support/folders.js'

const TENSORS = new Map([['a.weight', { shape: [1], data: Float32Array.of(1) }]])

it.each(['checkpoint/weights.safetensors', 'best.safetensors', 'checkpoint/UPPER.SAFETENSORS'])(
  "takes %s beside another project's config.yaml for a file like any other",
  async (name) => {
    const folder = temporaryFolder()
    mkdirSync(join(folder, 'checkpoint'))
    writeFileSync(join(folder, 'config.yaml'), 'arch: resnet\nnetwork: {depth: 3}\n')
    const file = join(folder, name)
    await writeSafetensors(file, TENSORS, {})
    const opened = await openWeights(file)
    expect(opened).toMatchObject({ source: file, isRunFolder: false, weights: TENSORS })
    expect(opened.run ?? opened.retraining).toBeUndefined()
  },
)
