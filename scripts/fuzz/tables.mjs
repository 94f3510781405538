#!/usr/bin/env node
/**
 * Reads damaged ground-truth tables that Python wrote, which must be refused in a sentence or read: the tables of the
 * tests, those in bzip2 also without it, because damage elsewhere gets no further than its checksums.
 *
 *     node scripts/fuzz/tables.mjs [--cases 100000] [--seed 0]
 *
 * See checkpoints.mjs for what is printed. Needs `npm run build`.
 */
import '../report-errors.mjs'
import { readdirSync, readFileSync } from 'node:fs'
import { UserError } from 'pada-native'
import { decompressBzip2 } from '#dist/formats/bzip2.js'
import { pickleKind } from '#dist/formats/pickle-kind.js'
import { storedZip } from '#dist/formats/stored-zip.js'
import { parsePickledTable } from '#dist/ground-truth/tables/pickled-table.js'
import { complaintOfTable, mutateCheckpoint } from './mutate.mjs'
import { fuzz, zipEntries } from './run.mjs'

const folder = new URL('../../test/fixtures/tables/', import.meta.url)
/** @type {(import('./mutate.mjs').Source & { kind: import('#dist/formats/pickle-kind.js').PickleKind })[]} */
const sources = []
for (const name of readdirSync(folder, { encoding: 'utf8', recursive: true }).sort()) {
  if (!/\.(npy|pth|pickle|pbz2)$/.test(name)) continue
  const bytes = readFileSync(new URL(name, folder))
  const kind = pickleKind(bytes)
  if (kind === undefined) throw new Error(`Expected a pickle for ${name} but received another file`)
  sources.push({ bytes, kind, ...(kind === 'torchZip' && { entries: await zipEntries(bytes) }) })
  if (kind === 'bzip2') sources.push({ bytes: decompressed(bytes), kind: 'pickle' })
}

await fuzz({
  damaged(random) {
    const source = random.pick(sources)
    return { bytes: mutateCheckpoint(source, random, sources, storedZip), kind: source.kind }
  },
  read: ({ bytes, kind }) => parsePickledTable(bytes, kind, 'fuzz'),
  complaint: (outcome) => complaintOfTable(outcome, UserError),
})

/** @param {Buffer} bytes */
function decompressed(bytes) {
  const rest = [bytes]
  const next = decompressBzip2(() => rest.pop(), 'fixture')
  const parts = []
  for (let part = next(); part !== undefined; part = next()) parts.push(part)
  return Buffer.concat(parts)
}
