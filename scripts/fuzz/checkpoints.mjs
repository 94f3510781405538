#!/usr/bin/env node
/**
 * Reads damaged checkpoints, which must be refused in a sentence or read, and never crash, hang or fill the memory. Infers
 * with damaged weights of every search space.
 *
 *     node scripts/fuzz/checkpoints.mjs [--cases 100000] [--seed 0]
 *
 * Damages the fixtures of the tests, zip archives also within their entries, and tensors after reading. Prints the seed of every case that goes
 * wrong, with which it can be repeated alone (`--seed N --cases 1`); exits 1 if there is one. If it crashes or hangs, the
 * file that its first line names has the seed. Needs `npm run build` and the addon.
 */
import '../report-errors.mjs'
import { readdirSync, readFileSync } from 'node:fs'
import { UserError } from 'pada-native'
import { parseSafetensors } from '#dist/formats/safetensors.js'
import { storedZip } from '#dist/formats/stored-zip.js'
import { parseTorchFile } from '#dist/formats/torch.js'
import { inferALittle, SMALL_SPACES, weightsOf } from './compute.mjs'
import { complaint, mutateCheckpoint } from './mutate.mjs'
import { mutateTensors } from './mutate-tensors.mjs'
import { fuzz, zipEntries } from './run.mjs'

const folder = new URL('../../test/fixtures/', import.meta.url)
/** @type {(import('./mutate.mjs').Source & { safetensors: boolean })[]} */
const sources = []
for (const name of readdirSync(folder).sort()) {
  if (!/\.(pt|safetensors)$/.test(name)) continue
  const bytes = readFileSync(new URL(name, folder))
  sources.push({ bytes, entries: await entriesOf(bytes), safetensors: name.endsWith('.safetensors') })
}

const supernets = SMALL_SPACES.map((settings) => weightsOf(settings))

await fuzz({
  damaged(random) {
    if (random.below(16) === 0) {
      const [tensors, others] = [random.pick(supernets), random.pick(supernets)]
      return { bytes: Buffer.alloc(0), weights: mutateTensors(tensors, others, random) }
    }
    const source = random.pick(sources)
    return { bytes: mutateCheckpoint(source, random, sources, storedZip), safetensors: source.safetensors }
  },
  read: async ({ bytes, safetensors, weights }) => {
    if (weights !== undefined) return inferALittle(weights)
    return safetensors ? (await parseSafetensors(bytes, 'fuzz')).tensors : (await parseTorchFile(bytes, 'fuzz')).tensors
  },
  complaint: (outcome, bytes) => (outcome === undefined ? undefined : complaint(outcome, bytes, UserError)),
})

/**
 * The entries of a zip archive; undefined for another file.
 *
 * @param {Buffer} bytes
 */
async function entriesOf(bytes) {
  return bytes.toString('latin1', 0, 2) === 'PK' ? zipEntries(bytes) : undefined
}
