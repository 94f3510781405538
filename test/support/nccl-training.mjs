/**
 * Trains the tiny search in two processes, whose gradients a library in the place of NCCL sums, on processors.
 *
 *     node nccl-training.mjs LIBRARY RUN [KEY=VALUE …]
 */
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { ensureNative, joinProcesses, loadConfig, search } from '#dist/index.js'
import { Communicator } from '#dist/native/index.js'

const [library, out, ...set] = process.argv.slice(2)
const config = await loadConfig({ file: fileURLToPath(new URL('../cli/tiny.yaml', import.meta.url)), set })
await ensureNative()
const world = await joinProcesses({ processes: 2, silence: 3 })
if (world === undefined) throw new Error('Expected two processes')
try {
  const id = await world.fromFirst(() => [...Communicator.ncclId(library)])
  const version = await world.communicator.connectNccl(Uint8Array.from(id), 'cpu', library)
  const sum = [...(await world.communicator.sum(Float64Array.of(world.rank + 1, 0.5)))]
  if (world.isFirst) console.log(JSON.stringify({ event: 'nccl', version, sum }))
  for await (const event of search(config, { out, world, phases: ['train'] })) {
    if (world.isFirst) console.log(JSON.stringify(event))
  }
  await world[Symbol.asyncDispose]()
} catch (error) {
  console.error(/** @type {Error} */ (error).message)
  // Not only when the process ends: until then a sum would occupy the GPU.
  const { STAND_IN_NCCL_ABORTED: aborted } = process.env
  if (aborted !== undefined && existsSync(aborted)) console.error('aborted at once')
  process.exitCode = 1
}
