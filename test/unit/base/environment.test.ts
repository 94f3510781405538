import { expect, test } from 'vitest'
import { checkEnvironment, environment, KERNEL_GROUPS } from '../../../src/base/environment.js'

test('nothing set', () => {
  expect(environment({})).toMatchObject({ libtorch: undefined, python: undefined, offline: false, debug: false })
})

test('empty values count as unset, and flags read as people write them', () => {
  expect(environment({ LIBTORCH: ' ', PADA_OFFLINE: '' })).toMatchObject({ libtorch: undefined, offline: false })
  expect(environment({ LIBTORCH: ' /a b ' }).libtorch).toBe('/a b')
  for (const no of ['0', 'false', 'No', 'off']) expect(environment({ PADA_OFFLINE: no }).offline).toBe(false)
  for (const yes of ['1', 'true', 'yes']) expect(environment({ PADA_OFFLINE: yes }).offline).toBe(true)
})

test('kernels of GPUs are on unless the user says off', () => {
  for (const on of [undefined, '', 'on', '1'])
    expect(environment({ PADA_CUDA_KERNELS: on }).cudaKernels).toEqual(KERNEL_GROUPS)
  for (const off of ['off', 'Off ', '0', 'no']) expect(environment({ PADA_CUDA_KERNELS: off }).cudaKernels).toEqual([])
  expect(environment({ PADA_CUDA_KERNELS: ' Sums, loss' }).cudaKernels).toEqual(['sums', 'loss'])
})

test('a variable that means nothing is refused', () => {
  const before = process.env.PADA_CUDA_KERNELS
  try {
    for (const wrong of [',', 'sums,', 'off,sums', 'sweep']) {
      process.env.PADA_CUDA_KERNELS = wrong
      expect(checkEnvironment).toThrow(`for PADA_CUDA_KERNELS but received ${wrong}`)
    }
    process.env.PADA_CUDA_KERNELS = 'sums,loss'
    expect(checkEnvironment).not.toThrow()
  } finally {
    if (before === undefined) delete process.env.PADA_CUDA_KERNELS
    else process.env.PADA_CUDA_KERNELS = before
  }
})

test('cuDNN searches only if the user says so', () => {
  expect(environment({}).searchConvolutions).toBe(false)
  expect(environment({ PADA_CUDNN_SEARCH: '1' }).searchConvolutions).toBe(true)
})

test('flags of compiler and linker are one text', () => {
  expect(environment({}).compilerFlags).toBe('')
  expect(environment({ CXXFLAGS: '-g', LDFLAGS: '-s' }).compilerFlags).toBe('-g -s')
})

test('a terminal is plain or ASCII if its variables say so', () => {
  expect(environment({})).toMatchObject({ plain: false, ascii: false })
  expect(environment({ TERM: 'dumb', LANG: 'en_US.UTF-8' })).toMatchObject({ plain: true, ascii: true })
  expect(environment({ CI: 'true' })).toMatchObject({ plain: true, ascii: false })
  for (const LANG of ['C', 'POSIX', 'de_DE.ISO-8859-1']) expect(environment({ LANG }).ascii).toBe(true)
  for (const LANG of ['C.UTF-8', 'en_US.utf8', '']) expect(environment({ LANG }).ascii).toBe(false)
  expect(environment({ LC_ALL: 'C', LANG: 'en_US.UTF-8' }).ascii).toBe(true)
  expect(environment({ LC_CTYPE: 'en_US.UTF-8', LANG: 'C' }).ascii).toBe(false)
})
