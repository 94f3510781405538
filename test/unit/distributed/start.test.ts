/** Joining other processes. A copy of a program that starts itself is tested in test/cli. */
import '../../support/fake-addon.js'
import { expect, it, vi } from 'vitest'
import { joinProcesses } from '../../../src/distributed/index.js'

it('serves one world in a process, also after that was left', async () => {
  expect(await joinProcesses()).toBeUndefined()
  expect(await joinProcesses({ processes: 1 })).toBeUndefined()
  for (const [name, value] of Object.entries({ PADA_RANK: '0', PADA_PROCESSES: '1', PADA_STORE: 'start.test' })) {
    vi.stubEnv(name, value)
  }
  try {
    const world = await joinProcesses({ processes: 1 })
    expect(world).toMatchObject({ rank: 0, size: 1 })
    await world?.[Symbol.asyncDispose]()
    await expect(joinProcesses({ processes: 1 })).rejects.toThrow(
      'Expected joinProcesses to be called once in a process, because one world serves many searches',
    )
  } finally {
    vi.unstubAllEnvs()
  }
  // It would start copies that run this file from its beginning.
  await expect(joinProcesses({ processes: 2 })).rejects.toThrow('called once')
})

it('can be called again after a mistake in its options', async () => {
  vi.resetModules()
  const { joinProcesses: join } = await import('../../../src/distributed/index.js')
  const torchrun = { RANK: '0', WORLD_SIZE: '2', MASTER_ADDR: 'nowhere.invalid', MASTER_PORT: '1' }
  for (const [name, value] of Object.entries(torchrun)) vi.stubEnv(name, value)
  try {
    await expect(join({ processes: 2 })).rejects.toThrow(
      'Expected no --processes but received 2: torchrun has started 2',
    )
    await expect(join({ startSeconds: 0.1 })).rejects.toThrow('no address of nowhere.invalid')
  } finally {
    vi.unstubAllEnvs()
  }
})
