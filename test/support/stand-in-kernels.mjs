/**
 * Says what becomes of the kernels of GPUs in a process of its own, where they compute on the CPU, and what they compute.
 *
 *     node stand-in-kernels.mjs LIBRARY FOLDER GROUPS
 */
import { loadBinding } from '#dist/native/binding.js'

const [standIn, folder, groups] = process.argv.slice(2)
const addon = loadBinding()
addon.setCudaKernels({ groups: groups.split(',').filter(Boolean), standIn, folder })
console.log(JSON.stringify(await addon.cudaKernels('cpu')))
