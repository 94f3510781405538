import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { writeTorchStateDict } from '../../src/formats/torch-writer.js'
import { nasBench201 } from '../../src/spaces/index.js'
import { fingerprint, interruptAt, pada, pausedAt, temporaryFolder, tiny } from '../support/harness.js'
import { autodlTinyShapes, stateDict } from '../support/import-fixture.js'

/** A checkpoint for the supernet of tiny.yaml. */
async function makeCheckpoint(folder: string): Promise<string> {
  const space = nasBench201({ channels: 4, cellsPerStage: 1, input: { channels: 1, height: 16, width: 16 } })
  const file = join(folder, 'weights.pt')
  await writeTorchStateDict(file, stateDict(autodlTinyShapes(space)))
  return file
}

test('while a process works on a run folder, others can read it but not write to it', async () => {
  const folder = temporaryFolder()
  const run = join(folder, 'run')
  const settings = tiny('training.epochs=1', 'ranking.subModels=5')
  const file = await makeCheckpoint(folder)
  const goOn = await pausedAt(['search', ...settings, '--out', run], 'evaluated.jsonl')
  const before = fingerprint(run)
  for (const args of [
    ['rank', run],
    ['find', run],
    ['train', '--resume', run],
    ['search', ...settings, '--out', run],
    ['import', file, ...tiny('space.affine=true'), '--out', run],
  ]) {
    const refused = await pada(args)
    expect(refused.stderr).toContain(`received ${run}, which another process works on`)
    expect([args[0], refused.code]).toEqual([args[0], 1])
  }
  expect(fingerprint(run)).toEqual(before)
  const exported = await pada(['export', run, '--out', join(folder, 'exported.pt')])
  expect(exported.code, exported.stderr).toBe(0)

  const outcome = await goOn()
  expect(outcome.code, outcome.stderr).toBe(0)
  const ranking = readFileSync(join(run, 'ranking.csv'))
  const again = await pada(['rank', run])
  expect(again.code, again.stderr).toBe(0)
  expect(readFileSync(join(run, 'ranking.csv'))).toEqual(ranking)
})

test.each([
  ['its first file', { call: 'rename', file: '/import.json' }],
  ['the weights', { call: 'rename', file: '/checkpoint' }],
  ['its last file', { call: 'rename', file: '/config.yaml' }],
] as const)('an import that was killed before %s leaves no run', async (_name, moment) => {
  const folder = temporaryFolder()
  const run = join(folder, 'run')
  const file = await makeCheckpoint(folder)
  const killed = await interruptAt(['import', file, ...tiny('space.affine=true'), '--out', run], 'SIGKILL', moment)
  expect(killed.signal, killed.stderr).toBe('SIGKILL')
  const began = existsSync(join(run, 'import.json'))
  for (const args of [
    ['train', '--resume', run],
    ['rank', run],
    ['export', run, '--out', join(folder, 'out.pt')],
  ]) {
    const refused = await pada(args)
    expect(refused.stderr).toContain(
      began
        ? `received ${run}, which lacks the weights that it should begin with, because its process ended; remove the folder and begin again`
        : `Expected a run folder with a config.yaml but received ${run}`,
    )
    expect([args[0], refused.code]).toEqual([args[0], 2])
  }
})
