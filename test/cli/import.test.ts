import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import type { Tensor } from '../../src/formats/safetensors.js'
import { writeTorchStateDict } from '../../src/formats/torch-writer.js'
import { savedConfig } from '../../src/runs/saved-settings.js'
import { nasBench201 } from '../../src/spaces/index.js'
import { importWeights } from '../../src/weights/import-weights.js'
import { readWeights } from '../../src/weights/read-weights.js'
import { pada, resultOf, temporaryFolder, tiny } from '../support/harness.js'
import { autodlTinyShapes, stateDict } from '../support/import-fixture.js'

/** That of tiny.yaml. */
const size = { channels: 4, cellsPerStage: 1, input: { channels: 1, height: 16, width: 16 } }
const space = nasBench201(size)

/** A checkpoint as AutoDL-Projects writes it, before its norms are trained or, with `trained`, after. */
async function makeCheckpoint(
  folder: string,
  change: (tensors: Map<string, Tensor>) => void = () => {},
  { trained = false } = {},
): Promise<{ file: string; tensors: Map<string, Tensor> }> {
  const tensors = stateDict(autodlTinyShapes(space), { identityNorms: !trained })
  change(tensors)
  const file = join(folder, 'reference.pt')
  await writeTorchStateDict(file, tensors)
  return { file, tensors }
}

test('an imported checkpoint is exported bit for bit, trained on and ranked', async () => {
  const folder = temporaryFolder()
  const { file, tensors } = await makeCheckpoint(folder, undefined, { trained: true })
  const run = join(folder, 'run')
  const imported = await pada(['import', file, ...tiny('space.affine=true'), '--out', run, '--json'])
  expect(imported.code, imported.stderr).toBe(0)
  const { weights, report } = importWeights(nasBench201({ ...size, affine: true }), tensors)
  expect(JSON.parse(imported.stdout)).toEqual({ event: 'result', source: file, run, ...report })

  const out = join(folder, 'exported.pt')
  const exported = await pada(['export', run, '--out', out])
  expect(exported.code, exported.stderr).toBe(0)
  expect(await readWeights(out)).toEqual(weights)

  const searched = await pada(['search', '--resume', run, '--json'])
  expect(searched.code, searched.stderr).toBe(0)
  expect(resultOf(searched)).toMatchObject({ epochs: 2, run })
  expect(resultOf(searched).ranked).toBeGreaterThan(0)

  // The weights of a run begin another one with its settings.
  const again = join(folder, 'again')
  const taken = await pada(['import', run, '--set', 'training.epochs=1', '--out', again])
  expect(taken.code, taken.stderr).toBe(0)
  const [before, after] = await Promise.all([run, again].map((one) => savedConfig(one)))
  expect(after).toEqual({ ...before, training: { ...before.training, epochs: 1 } })
})

test('import, export and infer read the state dict of a key, and name it and the others', async () => {
  const folder = temporaryFolder()
  const file = fileURLToPath(new URL('../fixtures/checkpoint-ema.pt', import.meta.url))
  const out = join(folder, 'out.safetensors')
  const raw = await pada(['export', file, '--format', 'safetensors', '--out', out])
  expect(raw.code, raw.stderr).toBe(0)
  expect(raw.stdout).toContain('weights under the key state_dict; not state_dict_ema, ema.model, which --key reads')
  expect((await readWeights(out)).get('w')?.data).toEqual(Float32Array.of(1))
  const averaged = await pada([
    'export',
    file,
    '--key',
    'state_dict_ema',
    '--format',
    'safetensors',
    '--out',
    out,
    '--json',
  ])
  expect(JSON.parse(averaged.stdout)).toMatchObject({ key: 'state_dict_ema', otherKeys: ['state_dict', 'ema.model'] })
  expect((await readWeights(out)).get('w')?.data).toEqual(Float32Array.of(2))
  const wrong = await pada(['import', file, '--key', 'ema', '--out', join(folder, 'run')])
  expect(wrong.stderr).toContain('Expected state_dict_ema or state_dict or ema.model for --key of')
  expect([wrong.code, existsSync(join(folder, 'run'))]).toEqual([2, false])
})

test('import takes off a prefix that all names share, and a given one, and names an unpacked archive', async () => {
  const folder = temporaryFolder()
  const { file, tensors } = await makeCheckpoint(folder, undefined, { trained: true })
  const under = (prefix: string) => [...tensors].map(([name, tensor]) => [prefix + name, tensor] as const)
  await writeTorchStateDict(file, under('_orig_mod.model.'))
  const args = ['import', file, ...tiny('space.affine=true'), '--json']
  const shared = await pada([...args, '--out', join(folder, 'shared')])
  expect(shared.code, shared.stderr).toBe(0)
  const { report } = importWeights(nasBench201({ ...size, affine: true }), tensors)
  expect(JSON.parse(shared.stdout)).toMatchObject({ prefix: '_orig_mod.model.', matched: report.matched })
  const about = JSON.parse(readFileSync(join(folder, 'shared/import.json'), 'utf8'))
  expect(about).toMatchObject({ prefix: '_orig_mod.model.', matched: report.matched })

  await writeTorchStateDict(file, [...under('student.'), ...under('teacher.')])
  const neither = await pada([...args, '--out', join(folder, 'given')])
  expect(neither.stderr).toContain('with the prefixes student. (')
  const given = await pada([...args, '--prefix', 'student.', '--out', join(folder, 'given')])
  expect(given.code, given.stderr).toBe(0)
  expect(JSON.parse(given.stdout)).toMatchObject({ prefix: 'student.', matched: report.matched, left: [] })
  const wrong = await pada(['export', file, '--prefix', 'ema.', '--out', join(folder, 'out.pt')])
  expect([wrong.code, wrong.stderr]).toEqual([2, expect.stringContaining(`for --prefix of ${file} but received ema.`)])

  const ema = fileURLToPath(new URL('../fixtures/checkpoint-ema.pt', import.meta.url))
  const unknown = await pada(['import', ema, ...tiny(), '--out', join(folder, 'unknown')])
  expect(unknown.stderr).toContain(
    `in ${ema} under the key state_dict (others: state_dict_ema, ema.model) but received w, with no prefix`,
  )

  const unpacked = join(folder, 'archive')
  mkdirSync(unpacked)
  writeFileSync(join(unpacked, 'data.pkl'), '')
  const refused = await pada(['export', unpacked, '--out', join(folder, 'out.pt')])
  expect(refused.stderr).toContain(`for ${unpacked} but received an unpacked checkpoint: pack it again: zip -0 -r`)
})

test('import without strictness says what it did not take', async () => {
  const folder = temporaryFolder()
  const { file } = await makeCheckpoint(folder, (tensors) => {
    tensors.set('stem.1.bias', { shape: [4], data: Float32Array.of(0, 0, 0, 1) })
    tensors.delete('classifier.bias')
    tensors.set('teacher.weight', { shape: [1], data: new Float32Array(1) })
  })
  const run = join(folder, 'run')
  const settings = ['space.affine=false', 'data.padTo=32', 'data.downsample=2']
  const args = ['import', file, '--set', ...settings, '--out', run]
  const outcome = await pada([...args, '--no-strict'])
  expect(outcome.code, outcome.stderr).toBe(0)
  const lines = outcome.stdout.trimEnd().split('\n')
  expect(lines[0]).toBe('80 tensors of nasbench201, found by the names of autodl')
  expect(lines).toContain('1 kept at their initial values: classifier.bias')
  expect(lines).toContain('1 lost, because norms of nasbench201 have no parameters: stem.1.bias')
  expect(lines).toContain('1 left over: teacher.weight')
  expect(lines.at(-1)).toMatch(`Run folder ${run}`)
  expect(existsSync(join(run, 'import.json'))).toBe(true)
})

test.each([
  [
    'names of timm, which only networks of one space have, for another one',
    ['FILE', '--from', 'timm', '--set', 'ranking.subModels=2'],
    1,
    /of proxylessnas/,
  ],
  [
    'a checkpoint of another size',
    ['FILE', ...tiny('space.channels=8')],
    1,
    /of another shape: stem\.0\.weight of 4×1/,
  ],
])('import refuses %s', async (_name, args, code, sentence) => {
  const folder = temporaryFolder()
  const { file } = await makeCheckpoint(folder)
  const out = join(folder, 'run')
  const outcome = await pada(['import', ...args.map((arg) => (arg === 'FILE' ? file : arg)), '--out', out])
  expect(outcome.stderr).toMatch(sentence)
  expect(outcome.stderr).not.toMatch(/^\s+at /m)
  expect(outcome.code).toBe(code)
  expect(outcome.stdout).toBe('')
  expect(existsSync(out)).toBe(false)
})

test('import refuses a folder that holds something', async () => {
  const folder = temporaryFolder()
  const { file } = await makeCheckpoint(folder)
  const out = join(folder, 'run')
  mkdirSync(out)
  writeFileSync(join(out, 'notes.txt'), '')
  const outcome = await pada(['import', file, ...tiny(), '--out', out])
  expect(outcome.stderr).toMatch(/Expected a new or empty folder for --out but received .* which holds notes\.txt/)
  expect(outcome.code).toBe(2)
})
