/** Each message of docs/troubleshooting.md is one that the code gives. */
import '../../support/fake-addon.js'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it, vi } from 'vitest'
import { unwritable } from '../../../src/base/files.js'
import { buildFolder } from '../../../src/base/folders.js'
import { RandomStream } from '../../../src/base/random.js'
import { bestOf } from '../../../src/cli/best-of-run.js'
import { ensureNativeFor } from '../../../src/cli/native.js'
import { describeDiscarded } from '../../../src/cli/output/discarded.js'
import { describeContinuation } from '../../../src/cli/output/start.js'
import { describeStatistics } from '../../../src/cli/output/weights.js'
import { type ConfigInput, loadConfig, loadRetrainConfig, parseConfig } from '../../../src/config/index.js'
import { checkLimits } from '../../../src/finding/index.js'
import { writeSafetensors } from '../../../src/formats/safetensors.js'
import { readCheckpoint, writeCheckpoint } from '../../../src/runs/checkpoint.js'
import { checkIdentity, checkSettings } from '../../../src/runs/continuation.js'
import { RunFolder } from '../../../src/runs/run-folder.js'
import { lockRun } from '../../../src/runs/run-lock.js'
import { configFile } from '../../../src/runs/saved-settings.js'
import { buildAddon } from '../../../src/setup/build.js'
import { explain } from '../../../src/setup/locate.js'
import { checkFiniteWeights, diverged } from '../../../src/training/divergence.js'
import { START } from '../../../src/training/snapshot.js'
import { readWeightsFile } from '../../../src/weights/read-weights.js'
import { size, toySpace } from '../../support/toy.js'

vi.mock('../../../src/setup/locate.js', async (original) => ({
  ...(await original<typeof import('../../../src/setup/locate.js')>()),
  hasGpu: () => false,
}))

const page = readFileSync(new URL('../../../docs/troubleshooting.md', import.meta.url), 'utf8')
const messages = [...page.matchAll(/^> (.*)$/gm)].map(([, message]) => message)

const folder = mkdtempSync(join(tmpdir(), 'pada-troubles-'))
afterAll(() => rmSync(folder, { recursive: true }))
const place = (name: string, text: string) => {
  writeFileSync(join(folder, name), text)
  return join(folder, name)
}
const run = join(folder, 'run')
mkdirSync(run)
writeFileSync(join(run, 'config.yaml'), '{}')
const identity = { space: 'toy', spaceDigest: 'a', trainingImages: 'b' }

/** What a newcomer does, in the order of the page. */
const WORK: readonly (() => unknown)[] = [
  () => buildAddon({ root: folder, folder: run, libtorch: '', builder: 'node-gyp' }),
  () => {
    throw new Error(explain([{ place: 'LIBTORCH', failure: 'not set' }], undefined))
  },
  () => ensureNativeFor({ device: 'cuda' }, {}),
  () => buildFolder([join(place('file', ''), 'build')]),
  () => parseConfig({ training: { epoch: 1 } } as ConfigInput),
  () => parseConfig({ method: { kind: 'spos' } } as unknown as ConfigInput),
  () => loadConfig({ set: ['training.epochs'] }),
  () => loadConfig({ file: 'nothere.yaml' }),
  () => loadRetrainConfig({ file: 'configs/nasbench201-smoke.yaml' }),
  () =>
    checkLimits({ space: toySpace(4, 3), costs: { size }, limits: { size: { min: 99 } } }, RandomStream.named(0, '')),
  () => parseConfig({ data: { format: 'idx' } } as ConfigInput),
  () => readWeightsFile(place('page.pth', '<!DOCTYPE html><html></html>')),
  () => readWeightsFile(place('pointer.pth', 'version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n')),
  () => configFile(folder),
  () => RunFolder.create(run),
  async () => {
    await using _lock = await lockRun(run)
    await lockRun(run)
  },
  () => checkSettings(parseConfig({ seed: 1 }), parseConfig({ seed: 2 }), run),
  () => checkIdentity({ identity }, { ...identity, trainingImages: 'c' }, run),
  async () => {
    const checkpoint = join(folder, 'checkpoint')
    const weights = (value: number) => new Map([['w', { shape: [1], data: Float32Array.of(value) }]])
    const snapshot = { progress: START, random: {}, weights: weights(1), state: new Map() }
    await writeCheckpoint(checkpoint, { snapshot, identity, logBytes: 0 } as never)
    await writeSafetensors(join(checkpoint, 'weights.safetensors'), weights(2))
    return readCheckpoint(checkpoint)
  },
  () =>
    bestOf(run, { method: { name: 'spos' }, space: { name: 'nasbench201' } } as never, {
      instead: 'rank or find first',
    }),
  () => says(describeDiscarded({ event: 'discarded', file: 'events.jsonl', changed: ['damage'] })),
  () => unwritable(run, Object.assign(new Error(), { code: 'ENOSPC' })),
  () => {
    const specs = [{ name: 'w', shape: [1], init: { kind: 'zeros' as const } }]
    return checkFiniteWeights({ specs, buffers: [], read: async () => Float32Array.of(Number.NaN) } as never, 0)
  },
  () => Promise.reject(diverged(Number.NaN, 0, 15)),
  () => says(describeDiscarded({ event: 'discarded', file: 'evaluated.jsonl', records: 300, changed: ['imageCount'] })),
  () => says(describeContinuation({ epoch: 40, step: 0 }, { epochs: 40 })),
  () => says(describeStatistics({ kind: 'batch' })),
]

/** What a command says and is no error. */
function says(line: string): never {
  throw new Error(line)
}

it('has a message for everything that is tried here', () => {
  expect(messages.length).toBe(WORK.length)
})

it.each(messages.map((message, at) => [message, at] as const))('%s', async (message, at) => {
  const work = async () => WORK[at]()
  const pattern = message.split('…').map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
  await expect(work()).rejects.toThrow(new RegExp(`^${pattern.join('.+')}`, 's'))
})
