/** The setting `logging.tensorboard`, and `report --tensorboard`. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { ageLock, interruptAt, pada, temporaryFolder, tiny } from '../support/harness.js'
import { makeRetraining, makeSearchRun } from '../support/made-up-run.js'
import { stepsByTag } from '../support/tensorboard.js'

/** Neither the addon nor images are needed. */
const env = { LIBTORCH: 'nowhere' }

const SMOKE = fileURLToPath(new URL('../../configs/retrain-smoke.yaml', import.meta.url))

test('a search logs for TensorBoard as it goes, and has no epoch twice after it was killed and resumed', async () => {
  const run = join(temporaryFolder(), 'run')
  const board = join(run, 'tensorboard')
  // Without a checkpoint before the end, the resumed run trains its epochs again.
  const settings = tiny('method={name: pada}', 'training.epochs=3', 'logging.tensorboard=true')
  const at = { event: { event: 'epoch', epoch: 1 } }
  await interruptAt(['search', ...settings, '--out', run], 'SIGKILL', at)
  expect(stepsByTag(board).get('train/loss')).toEqual([1, 2])
  ageLock(run)
  const resumed = await pada(['search', '--resume', run])
  expect(resumed.code, resumed.stderr).toBe(0)
  const steps = stepsByTag(board)
  for (const tag of ['train/loss', 'gradient_variance/all', 'paths/distribution']) {
    expect(steps.get(tag), tag).toEqual([1, 2, 3])
  }
  for (const tag of ['ranking/kendall_tau', 'images/expected_draws', 'pictures/image-importance']) {
    expect(steps.get(tag), tag).toEqual([3])
  }
  // The setting is none that a run must keep.
  const without = await pada(['search', '--resume', run, '--set', 'logging.tensorboard=false'])
  expect(without.code, without.stderr).toBe(0)
  expect(stepsByTag(board)).toEqual(steps)
})

test('a retraining logs for TensorBoard', async () => {
  const run = join(temporaryFolder(), 'run')
  const set = ['network.channels=4', 'data.trainCount=64', 'data.testCount=64', 'training.epochs=2']
  const args = ['retrain', '--config', SMOKE, '--path', '3,3,3,1,3,3', '--set', ...set, 'logging.tensorboard=true']
  const outcome = await pada([...args, '--out', run])
  expect(outcome.code, outcome.stderr).toBe(0)
  const steps = stepsByTag(join(run, 'tensorboard'))
  expect(steps.get('test/top1')).toEqual([1, 2])
  expect(steps.get('pictures/retraining')).toEqual([2])
})

test('report --tensorboard: an event file for each run', async () => {
  const cwd = temporaryFolder()
  makeSearchRun(join(cwd, 'a', 'run'))
  makeRetraining(join(cwd, 'b', 'run'))
  const outcome = await pada(['report', 'a/run', 'b/run', '--tensorboard', 'board', '--json'], { cwd, env })
  expect(outcome.code, outcome.stderr).toBe(0)
  const { tensorboard } = JSON.parse(outcome.stdout)
  expect(tensorboard).toHaveLength(2)
  for (const file of tensorboard) expect(existsSync(join(cwd, file))).toBe(true)
  expect(readdirSync(join(cwd, 'board'))).toEqual(['1-run', '2-run'])
  expect(stepsByTag(join(cwd, 'board', '1-run')).get('train/loss')).toEqual([1, 2, 3, 4])
  const alone = await pada(['report', 'a/run', '--tensorboard', 'alone'], { cwd, env })
  expect(alone.stdout).toMatch(/^Report in report\.html \(replaced\), 0\.\d\d MB; for TensorBoard in alone\n$/)
  expect(readFileSync(join(cwd, 'alone', readdirSync(join(cwd, 'alone'))[0])).length).toBeGreaterThan(10_000)
})
