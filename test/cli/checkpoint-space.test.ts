/** One file of weights, and three commands that must take it for the same space. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readNpy, writeNpy } from '../../src/formats/npy.js'
import { writeSafetensors } from '../../src/formats/safetensors.js'
import { savedConfig } from '../../src/runs/saved-settings.js'
import { darts, nasBench1Shot1, nasBench201, nasBenchMacro } from '../../src/spaces/index.js'
import { readWeights } from '../../src/weights/read-weights.js'
import { pada, tiny } from '../support/harness.js'
import { runOnnx } from '../support/onnx.js'
import { randomFloats, randomNumbers } from '../support/random.js'
import { tensorsOf } from '../support/weights.js'

const COUNT = 4
/** Images of tiny.yaml, which are the embedded ones. */
const INPUT = { channels: 1, height: 16, width: 16 }
const DATA = ['data.padTo=32', 'data.downsample=2', 'data.trainCount=100', 'data.testCount=50']
const size = { input: INPUT, classes: 10 }
const images = randomFloats(randomNumbers(1), COUNT * 256, 2)

let folder: string
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'pada-checkpoint-'))
  await writeNpy(join(folder, 'images.npy'), [COUNT, 1, 16, 16], images)
})
afterAll(() => rmSync(folder, { recursive: true }))

async function succeed(args: readonly string[]): Promise<void> {
  const outcome = await pada(args)
  expect(outcome.code, outcome.stderr).toBe(0)
}

/** Logits of a file or a run. */
async function infer(checkpoint: string, path: string, ...options: string[]): Promise<Float32Array> {
  const output = join(folder, 'logits.npy')
  // A file without its run has no training images to estimate running statistics from.
  const files = [
    '--checkpoint',
    checkpoint,
    '--input',
    join(folder, 'images.npy'),
    '--output',
    output,
    '--no-recalibrate',
  ]
  await succeed(['infer', ...files, '--path', path, ...options])
  return (await readNpy(output)).data as Float32Array
}

/** Logits of infer, of the exported model in onnxruntime, and of the imported run are the same. */
async function expectAgreement(name: string, file: string, path: string, { given = [], settings = [] }: Options = {}) {
  const logits = await infer(file, path, ...given)
  expect(new Set(logits).size).toBeGreaterThan(COUNT)

  const model = join(folder, `${name}.onnx`)
  await succeed(['export', file, '--format', 'onnx', '--path', path, '--size', '16', '--out', model, ...given])
  const scale = Math.max(...logits.map(Math.abs))
  for (const [i, logit] of (await runOnnx(readFileSync(model), images, INPUT)).entries()) {
    expect(Math.abs(logit - logits[i])).toBeLessThan(1e-4 * scale)
  }

  const run = join(folder, name)
  await succeed(['import', file, ...given, '--set', ...DATA, 'ranking.subModels=5', ...settings, '--out', run])
  expect(await infer(run, path)).toEqual(logits)
  expect(await readWeights(join(run, 'checkpoint', 'weights.safetensors'))).toEqual(await readWeights(file))
  return savedConfig(run)
}

interface Options {
  /** What the weights do not tell. */
  readonly given?: readonly string[]
  /** Of the imported run. */
  readonly settings?: readonly string[]
}

describe('infer, export and import agree on', () => {
  test.each([
    [
      'nasbench201',
      nasBench201({ channels: 2, cellsPerStage: 2, sharing: 'perCell', affine: true, ...size }),
      { channels: 2, cellsPerStage: 2, sharing: 'perCell', affine: true },
      [],
    ],
    [
      'nasbench1shot1-2',
      nasBench1Shot1('nasbench1shot1-2', { channels: 2, cellsPerStage: 1, sharing: 'perCell', ...size }),
      { channels: 2, cellsPerStage: 1, sharing: 'perCell' },
      ['--space', 'nasbench1shot1-2'],
    ],
    ['darts', darts({ channels: 2, cells: 4, affine: true, ...size }), { channels: 2, cells: 4, affine: true }, []],
    ['nasbench-macro', nasBenchMacro({ channels: 4, ...size }), { channels: 4 }, []],
  ] as const)('weights of %s', async (name, space, settings, given) => {
    const file = join(folder, `${name}.safetensors`)
    await writeSafetensors(file, tensorsOf(space))
    const path = space.encode(
      space.choices.map((choice) => ('operations' in choice ? choice.operations.length - 1 : 0)),
    )
    const config = await expectAgreement(name, file, path, { given })
    expect(config.space).toEqual({ name, ...settings })
  })

  test('weights of a run whose method has weights of its own, in its folder or not', async () => {
    const run = join(folder, 'close-run')
    const method = 'method={name: close, curriculum: [1, 2]}'
    await succeed(['train', ...tiny(method), '--out', run])
    const path = '3,3,0,3,2,3'
    const weights = join(run, 'checkpoint', 'weights.safetensors')
    const copy = join(folder, 'close.safetensors')
    await succeed(['export', run, '--format', 'safetensors', '--out', copy])
    expect(await readWeights(copy)).toEqual(await readWeights(weights))

    await expectAgreement('close', copy, path, { settings: [method] })
    const logits = await infer(copy, path)
    for (const source of [run, weights]) expect(await infer(source, path)).toEqual(logits)
    await succeed(['rank', join(folder, 'close')])

    const refused = await pada(['import', copy, '--set', ...DATA, '--out', join(folder, 'refused')])
    const others = 'but received, by the names of pada-native, 72 missing: cells.0.edges.1<-0.2.op.1.weight, '
    expect(refused.stderr).toContain(`pada-native: Expected the 85 tensors of nasbench201 in ${copy} ${others}`)
    expect(refused.stderr).toContain('; 38 left over: cells.0.blocks.0.2.op.1.weight, ')
    expect(refused.code).toBe(1)
  })
})
