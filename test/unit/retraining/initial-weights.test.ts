import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { parseRetrainConfig } from '../../../src/config/index.js'
import { type Tensor, writeSafetensors } from '../../../src/formats/safetensors.js'
import { initialWeights } from '../../../src/retraining/initial-weights.js'
import { createNetwork, createSpace, DARTS_V2, encodeGenotype } from '../../../src/spaces/index.js'
import { temporaryFolder } from '../../support/folders.js'
import { refusal } from '../../support/refusal.js'
import { tensorsOf } from '../../support/weights.js'

const INPUT = { channels: 3, height: 32, width: 32 }
const SIZE = { channels: 2, cells: 6 }

/** DARTS_V2, with or without an auxiliary head. */
function dartsNetwork(auxiliary: boolean) {
  const network = { space: 'darts', path: encodeGenotype(DARTS_V2), ...SIZE, auxiliary } as const
  return createNetwork(parseRetrainConfig({ network }).network, INPUT, 10)
}

async function fileOf(tensors: ReadonlyMap<string, Tensor>): Promise<string> {
  const file = join(temporaryFolder(), 'weights.safetensors')
  await writeSafetensors(file, tensors, {})
  return file
}

const isOfHead = (name: string) => name.startsWith('auxiliary_head.')

describe('initial weights', () => {
  it('inherit of a supernet of DARTS, which has no auxiliary head: the head starts as usual', async () => {
    const supernet = createSpace({ name: 'darts', affine: false, ...SIZE }, INPUT, 10)
    const network = dartsNetwork(true)
    const inherited = await initialWeights(network, { inherit: await fileOf(tensorsOf(supernet)) })
    const { weights, report } = inherited!
    expect(report.initial.filter(isOfHead).length).toBeGreaterThan(3)
    const large = network.parameters().filter(({ name, shape }) => shape.length > 1 && !isOfHead(name))
    for (const { name } of large) expect(weights.has(name), name).toBe(true)
    expect([...weights.keys()].filter(isOfHead)).toEqual([])
  })

  it('pass over the auxiliary head of a file for a network that has none', async () => {
    const tensors = tensorsOf(dartsNetwork(true))
    const { weights, report } = (await initialWeights(dartsNetwork(false), { init: await fileOf(tensors) }))!
    expect([...weights.keys()].filter(isOfHead)).toEqual([])
    expect(report.matched).toBe([...tensors.keys()].filter((name) => !isOfHead(name)).length)
  })

  it('do not inherit blocks of CLOSE, among which a gate chooses', async () => {
    const path = '|nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_3x3~1|+|skip_connect~0|nor_conv_3x3~1|nor_conv_3x3~2|'
    const size = { channels: 2, cellsPerStage: 1 }
    const { network } = parseRetrainConfig({ network: { space: 'nasbench201', path, ...size } })
    const supernet = createSpace({ name: 'nasbench201', sharing: 'perCell', affine: false, ...size }, INPUT, 10)
    const alone = createNetwork(network, INPUT, 10)
    const inherit = async (blocks: number) =>
      initialWeights(alone, { inherit: await fileOf(tensorsOf({ ...supernet, ...supernet.withBlocks!(blocks) })) })
    expect((await inherit(1))!.report.matched).toBeGreaterThan(0)
    const { message, exitCode } = await refusal(inherit(2))
    expect(message).toMatch(/^Expected one weight per operation for --inherit of .* but received blocks of CLOSE/)
    expect(exitCode).toBe(2)
  })

  it('are found under a beginning that all names share, in every space', async () => {
    const { network } = parseRetrainConfig({ network: { space: 'nasbench-macro', path: '01201201', channels: 4 } })
    const alone = createNetwork(network, INPUT, 10)
    const tensors = new Map([...tensorsOf(alone)].map(([name, tensor]) => [`model.${name}`, tensor]))
    const { report } = (await initialWeights(alone, { init: await fileOf(tensors) }))!
    expect(report).toMatchObject({ matched: tensors.size, initial: [] })
  })

  it('are refused with the names of those that are missing, also where others name networks so', async () => {
    const path = new Array(6).fill(0).join()
    const { network } = parseRetrainConfig({
      network: { space: 'proxylessnas', path, layers: [1, 1, 1, 1, 1, 1], width: 0.25 },
    })
    const alone = createNetwork(network, INPUT, 10)
    const tensors = tensorsOf(alone)
    tensors.delete('classifier.bias')
    const { message } = await refusal(initialWeights(alone, { init: await fileOf(tensors) }))
    expect(message).toMatch(/but received, by the names of pada-native, 1 missing: classifier\.bias$/)
  })

  it('are those of the prefix or the key, of which messages tell', async () => {
    const tensors = tensorsOf(dartsNetwork(false))
    const prefixed = new Map([...tensors].map(([name, tensor]) => [`net.${name}`, tensor]))
    const init = await fileOf(new Map([...prefixed, ['other.weight', { shape: [1], data: Float32Array.of(1) }]]))
    const { report } = (await initialWeights(dartsNetwork(false), { init, choice: { prefix: 'net.' } }))!
    expect(report).toMatchObject({ source: init, matched: tensors.size })
    // Its state dicts have one tensor.
    const several = fileURLToPath(new URL('../../fixtures/checkpoint-ema.pt', import.meta.url))
    const choice = { key: 'state_dict_ema' }
    const { message } = await refusal(initialWeights(dartsNetwork(false), { init: several, choice }))
    expect(message).toContain(`in ${several} under the key state_dict_ema (others: state_dict, ema.model)`)
  })
})
