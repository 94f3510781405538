import { expect, it } from 'vitest'
import { describe as describeDiagnosis } from '../../../src/cli/commands/doctor.js'
import type { Diagnosis } from '../../../src/native/diagnosis.js'

const bare: Diagnosis = {
  versions: { padaNative: '1.0.0', node: '24.0.0', platform: 'linux x64', compiler: 'c++ 14' },
  cores: 2,
  cpu: 'processor',
  memory: 2 ** 31,
  gpus: [],
  cudaDevices: [],
  cudaKernels: [],
  missing: ['The addon is not built: run `npx pada-native setup`'],
}

/** The value of a row. */
const row = (diagnosis: Diagnosis, name: string) =>
  describeDiagnosis(diagnosis)
    .split('\n')
    .find((line) => line.trim().startsWith(name))
    ?.slice(14)

it('does not miss before set-up what only the addon tells', () => {
  expect(row(bare, 'libtorch')).toContain('known after')
  expect(row(bare, 'threads')).toContain('known after')
  expect(row(bare, 'addon')).toContain('not found')
  expect(row(bare, 'CMake')).toContain('not found')
})

it('misses what an addon that does not load cannot tell', () => {
  expect(row({ ...bare, addon: { path: 'a.node', loads: false } }, 'threads')).toContain('not found')
})

it('says which kernels a GPU has, and why not all', () => {
  const cudaKernels = [[{ group: 'sums' }, { group: 'loss', why: 'it differs' }]]
  expect(describeDiagnosis({ ...bare, cudaKernels })).toContain('sums; no loss: it differs')
})
