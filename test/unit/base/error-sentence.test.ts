import { expect, it } from 'vitest'
import { errorSentence } from '../../../src/base/error-sentence.js'

it.each([
  [
    "[enforce fail at alloc_cpu.cpp:127] err == 0. DefaultCPUAllocator: can't allocate memory: you tried to allocate 24189255811072 bytes. Error code 12 (Cannot allocate memory)",
    '24189.3 GB',
  ],
  ['CUDA out of memory. Tried to allocate 20.00 GiB. GPU 0 has a total capacity of 139.80 GiB', '20.00 GiB'],
  ['Array buffer allocation failed', 'it'],
  ['std::bad_alloc', 'it'],
  [
    'CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has a total capacity of 139.80 GiB of which 1.19 GiB is free. Including',
    '2.00 GiB',
    '1.19 GiB free on the GPU',
  ],
])('says that memory does not suffice, instead of “%s”', (message, size, received = 'less') => {
  const wanted = `Expected enough memory for ${size} but received ${received}: smaller batches, images or networks need less`
  expect(errorSentence(new Error(message))).toBe(wanted)
})

it('says that torch has no code for a GPU', () => {
  const said = 'CUDA error: no kernel image is available for execution on the device\nCUDA kernel errors might be …'
  expect(errorSentence(new Error(said))).toBe(
    'Expected a GPU that this libtorch has code for but received one of another architecture: choose another libtorch',
  )
})
