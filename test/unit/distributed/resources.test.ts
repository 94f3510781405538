/** What processes, which are tasks of one process here, compute with. */
import '../../support/fake-addon.js'
import { afterEach, describe, expect, it, vi } from 'vitest'
import type { Config } from '../../../src/config/index.js'
import { useResources, World } from '../../../src/distributed/index.js'
import { cudaIndexOf, gpuNameOf, setThreads } from '../../../src/native/index.js'
import { fakeBinding } from '../../support/fake-binding.js'
import { FakeCommunicator } from '../../support/fake-communicator.js'

/** The cores that the next processes may use, one after the other; otherwise all may use the same. */
const cores = vi.hoisted(() => [] as string[])
vi.mock('../../../src/base/cpu-affinity.js', () => ({ allowedCores: () => cores.shift() ?? '0-15' }))

afterEach(() => {
  vi.unstubAllEnvs()
  FakeCommunicator.nccl.clear()
  vi.restoreAllMocks()
})

let store = 0

/** The resources of each rank; a sentence for one that failed. */
async function resources(
  size: number,
  device: Config['device'],
  backend: 'auto' | 'gloo' | 'nccl' = 'auto',
  threads: number | null = 1,
) {
  const file = `resources-${store++}`
  const settled = await Promise.allSettled(
    Array.from({ length: size }, async (_, rank) => {
      const here = { rank, size, localRank: rank, localSize: size }
      const world = await World.join({ ...here, store: { file }, attempt: '', startedBy: 'pada-native' })
      return useResources(
        { device, threads: threads ?? undefined, distributed: { backend } as Config['distributed'] },
        world,
      )
    }),
  )
  return settled.map((result) => (result.status === 'fulfilled' ? result.value : (result.reason as Error).message))
}

function withGpus(...names: string[]) {
  const devices = { cudaDevices: names as never[], cudaUuids: names.map(() => '') as never[] }
  vi.spyOn(fakeBinding, 'info').mockReturnValue({ ...fakeBinding.info(), ...devices })
  return vi.spyOn(fakeBinding, 'setCudaDevice')
}

describe('the threads of a process', () => {
  /** Threads that the processes of a run without `threads` take. */
  async function threadsOf(size: number) {
    const set = vi.spyOn(fakeBinding, 'setThreads').mockClear()
    await resources(size, 'cpu', 'auto', null)
    return set.mock.calls.flat().sort()
  }

  it('are its share of the cores that several may use, in every run', async () => {
    await setThreads(16)
    expect(await threadsOf(2)).toEqual([8, 8])
    expect(await threadsOf(2)).toEqual([8, 8])
    expect(await threadsOf(3)).toEqual([5, 5, 5])
    expect(await threadsOf(20)).toEqual(Array(20).fill(1))
  })

  it('are all of its own cores', async () => {
    await setThreads(8)
    cores.push('0-7', '8-15')
    expect(await threadsOf(2)).toEqual([8, 8])
    cores.push('0-7', '8-15', '0-7')
    expect(await threadsOf(3)).toEqual([4, 4, 8])
  })

  it('are those of OMP_NUM_THREADS', async () => {
    vi.stubEnv('OMP_NUM_THREADS', '6')
    await setThreads(6)
    expect(await threadsOf(2)).toEqual([6, 6])
    vi.stubEnv('OMP_NUM_THREADS', 'abc')
    expect(await threadsOf(2)).toEqual([3, 3])
  })

  it('are the default again after a run whose settings name a number', async () => {
    await setThreads(4)
    const set = vi.spyOn(fakeBinding, 'setThreads').mockClear()
    const config = { device: 'cpu', distributed: { backend: 'auto' } as Config['distributed'] } as const
    await useResources({ ...config, threads: 1 }, undefined)
    await useResources({ ...config, threads: undefined }, undefined)
    expect(set.mock.calls).toEqual([[1], [4]])
  })
})

describe('what sums gradients', () => {
  it('is Gloo on processors', async () => {
    FakeCommunicator.nccl.add('libnccl.so.2')
    expect(await resources(2, 'cpu')).toEqual([
      { count: 2, backend: 'Gloo' },
      { count: 2, backend: 'Gloo' },
    ])
  })

  it('is NCCL where each process has a GPU of its own', async () => {
    FakeCommunicator.nccl.add('libnccl.so.2')
    const set = withGpus('H100', 'H100')
    expect(await resources(2, 'cuda')).toEqual(Array(2).fill({ count: 2, backend: 'NCCL 2.28.3' }))
    expect(set.mock.calls).toEqual([[0], [1]])
  })

  it('is Gloo where processes share a GPU or NCCL is absent, unless the settings want NCCL', async () => {
    FakeCommunicator.nccl.add('libnccl.so.2')
    const set = withGpus('H100')
    expect(await resources(2, 'cuda')).toEqual(Array(2).fill({ count: 2, backend: 'Gloo' }))
    expect(set.mock.calls).toEqual([[0], [0]])
    const wanted = 'Expected auto or gloo for distributed.backend but received nccl, but'
    expect(await resources(2, 'cuda', 'nccl')).toEqual(Array(2).fill(`${wanted} rank 1 has the GPU of rank 0`))
    expect(await resources(2, 'cpu', 'nccl')).toEqual(Array(2).fill(`${wanted} device is cpu`))
    // Their numbers differ, but the driver says that they are one.
    const one = { ...fakeBinding.info(), cudaDevices: ['H100', 'H100'], cudaUuids: ['5a', '5a'] }
    vi.spyOn(fakeBinding, 'info').mockReturnValue(one as never)
    expect(await resources(2, 'cuda', 'nccl')).toEqual(Array(2).fill(`${wanted} rank 1 has the GPU of rank 0`))
    FakeCommunicator.nccl.clear()
    withGpus('H100', 'H100')
    expect(await resources(2, 'cuda')).toEqual(Array(2).fill({ count: 2, backend: 'Gloo' }))
    const absent = `${wanted} Expected the library of NCCL but received none`
    expect(await resources(2, 'cuda', 'nccl')).toEqual(Array(2).fill(absent))
  })
})

it('a device has a number and a name', () => {
  withGpus('H100', 'H200')
  expect(['cpu', 'cuda:0', 'cuda:1'].map((device) => gpuNameOf(device as Config['device']))).toEqual([
    undefined,
    'H100',
    'H200',
  ])
  expect(cudaIndexOf('cuda:12')).toBe(12)
})
