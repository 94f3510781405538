/**
 * Says what becomes of the kernels of GPUs in a process of its own, where they compute on the CPU, and what they compute.
 *
 *     node stand-in-kernels.mjs LIBRARY FOLDER [off]
 */
import { loadBinding } from '#dist/native/binding.js'

const [standIn, folder, off] = process.argv.slice(2)
const addon = loadBinding()
addon.setCudaKernels({ enabled: off === undefined, standIn, folder })
console.log(JSON.stringify(await addon.cudaKernels('cpu')))
