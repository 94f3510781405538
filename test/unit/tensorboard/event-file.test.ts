import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { tfRecords } from '../../../src/formats/tfrecord.js'
import { encodeEventFile } from '../../../src/tensorboard/event-file.js'
import { writeTensorboard } from '../../../src/tensorboard/write-run.js'
import { temporaryFolder } from '../../support/folders.js'

/** As TensorBoard 2.21 serializes them: scripts/check/read_tensorboard.py --bytes. */
const MESSAGES = [
  'CQAAAAAAAPg/Gg1icmFpbi5FdmVudDoy',
  'CQAAAAAAAPg/EAEqaAoRCgp0cmFpbi9sb3NzFQAAgD4KUwocX2hwYXJhbXNfL3Nlc3Npb25fc3RhcnRfaW5mb0IGCAESAhIASisKKQoHaHBhcmFtcxIeGhwKEQoEc2VlZBIJEQAAAAAAAAhAKQAAAAAAAPg/',
]

/** The records of an event file. Its checksums are checked. */
function records(file: Buffer): Buffer[] {
  let given = false
  const next = () => {
    if (given) return undefined
    given = true
    return file
  }
  return [...tfRecords(next, 'events')].map((record) => Buffer.from(record))
}

test('events are the bytes that TensorBoard writes, as records with checksums', () => {
  const scalars = new Map([['train/loss', 0.25]])
  const file = encodeEventFile([{ time: 1.5, step: 1, scalars, hyperparameters: new Map([['seed', 3]]) }])
  expect(records(file).map((record) => record.toString('base64'))).toEqual(MESSAGES)
})

test('a run becomes one file, which a second writing replaces', async () => {
  const run = join(temporaryFolder(), 'run')
  mkdirSync(run)
  writeFileSync(join(run, 'config.yaml'), 'seed: 3\nspace: {name: nasbench201}\n')
  const epoch = {
    event: 'epoch',
    epoch: 0,
    loss: 0.25,
    gradientVarianceByOperation: { a: 1, b: null },
    pathDistribution: [0.5, 0.5],
    seconds: 2,
  }
  const result = { event: 'result', kendallTau: 0.5, spearman: null }
  writeFileSync(
    join(run, 'events.jsonl'),
    [{ event: 'start' }, epoch, result].map((event) => `${JSON.stringify(event)}\n`).join(''),
  )
  const out = join(run, 'tensorboard')
  const file = await writeTensorboard(run, out)
  expect(await writeTensorboard(run, out)).toBe(file)
  const text = records(readFileSync(file)).map((record) => record.toString('latin1'))
  expect(text).toHaveLength(4)
  expect(text[1]).toMatch(/seed.*space\.name.*nasbench201/s)
  expect(text[2]).toMatch(/train\/loss.*gradient_variance\/a.*paths\/operation_0.*paths\/operation_1/s)
  expect(text[2]).not.toContain('gradient_variance/b')
  expect(text[3]).toContain('ranking/kendall_tau')
  expect(text[3]).not.toContain('spearman')
  await expect(writeTensorboard(out, out)).rejects.toThrow('Expected a run folder with a config.yaml but received')
})
