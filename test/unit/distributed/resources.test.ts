/** What processes, which are tasks of one process here, compute with. */
import '../../support/fake-addon.js'
import { afterEach, describe, expect, it, vi } from 'vitest'
import type { Config } from '../../../src/config/index.js'
import { useResources, World } from '../../../src/distributed/index.js'
import { cudaIndexOf, gpuNameOf } from '../../../src/native/index.js'
import { fakeBinding } from '../../support/fake-binding.js'
import { FakeCommunicator } from '../../support/fake-communicator.js'

afterEach(() => {
  FakeCommunicator.nccl.clear()
  vi.restoreAllMocks()
})

let store = 0

/** The resources of each rank; a sentence for one that failed. */
async function resources(size: number, device: Config['device'], backend: 'auto' | 'gloo' | 'nccl' = 'auto') {
  const file = `resources-${store++}`
  const settled = await Promise.allSettled(
    Array.from({ length: size }, async (_, rank) => {
      const here = { rank, size, localRank: rank, localSize: size }
      const world = await World.join({ ...here, store: { file }, attempt: '', startedBy: 'pada-native' })
      return useResources({ device, threads: 1, distributed: { backend } as Config['distributed'] }, world)
    }),
  )
  return settled.map((result) => (result.status === 'fulfilled' ? result.value : (result.reason as Error).message))
}

function withGpus(...names: string[]) {
  vi.spyOn(fakeBinding, 'info').mockReturnValue({ ...fakeBinding.info(), cudaDevices: names as never[] })
  return vi.spyOn(fakeBinding, 'setCudaDevice')
}

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
