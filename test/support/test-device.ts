/**
 * Lets the native tests compute on the device that PADA_TEST_DEVICE names, such as `cuda`, where they say nothing or
 * `cpu`. Tests of what only a processor does fail there. `stand-in` is the CPU as a GPU: ATen and the kernels of GPUs
 * compute on it, by a library that stands in for CUDA.
 */
import { vi } from 'vitest'
import type { Device } from '../../src/native/index.js'
import type { Binding } from '../../src/native/raw.js'
import { standInOptions } from './stand-in-cuda.js'

vi.mock('../../src/native/binding.js', async (importOriginal) => {
  const original = await importOriginal<{ loadBinding(): Binding }>()
  const wanted = process.env.PADA_TEST_DEVICE as Device | 'stand-in'
  let redirected: Binding | undefined
  const load = () =>
    wanted === 'stand-in' ? standIn(original.loadBinding()) : redirect(original.loadBinding(), wanted)
  return { ...original, loadBinding: () => (redirected ??= load()) }
})

function standIn(binding: Binding): Binding {
  binding.setCudaKernels(standInOptions())
  return binding
}

function redirect(binding: Binding, wanted: Device): Binding {
  const instead = (device: Device) => (device === 'cpu' ? wanted : device)
  return {
    ...binding,
    startProfile: (device) => binding.startProfile(instead(device)),
    resetPeakMemory: (device) => binding.resetPeakMemory(instead(device)),
    peakMemory: (device) => binding.peakMemory(instead(device)),
    Dataset: class extends binding.Dataset {
      constructor(...[data, device]: ConstructorParameters<Binding['Dataset']>) {
        super(data, instead(device))
      }
    },
    ImageStream: class extends binding.ImageStream {
      constructor(...[data, device]: ConstructorParameters<Binding['ImageStream']>) {
        super(data, instead(device))
      }
    },
    Supernet: class extends binding.Supernet {
      constructor(...[names, shapes, buffers, options]: ConstructorParameters<Binding['Supernet']>) {
        super(names, shapes, buffers, { ...options, device: instead(options.device) })
      }
    },
  }
}
