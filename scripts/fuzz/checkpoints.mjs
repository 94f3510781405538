#!/usr/bin/env node
/**
 * Reads damaged checkpoints, which must be refused in a sentence or read, and never crash, hang or fill the memory.
 *
 *     node scripts/fuzz/checkpoints.mjs [--cases 100000] [--seed 0]
 *
 * Damages the fixtures of the tests, zip archives also within their entries. Prints the seed of every case that goes
 * wrong, with which it can be repeated alone (`--seed N --cases 1`); exits 1 if there is one. Needs `npm run build`.
 */
import '../report-errors.mjs'
import { readdirSync, readFileSync } from 'node:fs'
import { UserError } from 'pada-native'
import { parseSafetensors } from '#dist/formats/safetensors.js'
import { storedZip } from '#dist/formats/stored-zip.js'
import { parseTorchFile } from '#dist/formats/torch.js'
import { complaint, mutateCheckpoint } from './mutate.mjs'
import { fuzz, zipEntries } from './run.mjs'

const folder = new URL('../../test/fixtures/', import.meta.url)
/** @type {(import('./mutate.mjs').Source & { safetensors: boolean })[]} */
const sources = []
for (const name of readdirSync(folder).sort()) {
  if (!/\.(pt|safetensors)$/.test(name)) continue
  const bytes = readFileSync(new URL(name, folder))
  sources.push({ bytes, entries: await entriesOf(bytes), safetensors: name.endsWith('.safetensors') })
}

await fuzz({
  damaged(random) {
    const source = random.pick(sources)
    return { bytes: mutateCheckpoint(source, random, sources, storedZip), safetensors: source.safetensors }
  },
  read: async ({ bytes, safetensors }) =>
    safetensors ? parseSafetensors(bytes, 'fuzz').tensors : (await parseTorchFile(bytes, 'fuzz')).tensors,
  complaint: (outcome, bytes) => complaint(outcome, bytes, UserError),
})

/**
 * The entries of a zip archive; undefined for another file.
 *
 * @param {Buffer} bytes
 */
async function entriesOf(bytes) {
  return bytes.toString('latin1', 0, 2) === 'PK' ? zipEntries(bytes) : undefined
}
