#!/usr/bin/env node
/**
 * Reads damaged ground-truth tables of every format, which must be refused in a sentence or read, and takes from those
 * that are read the accuracies of a search space, one of whose paths the addon compiles.
 *
 *     node scripts/fuzz/tables.mjs [--cases 100000] [--seed 0]
 *
 * Damages the tables of the tests, those in bzip2 also without it, because damage elsewhere gets no further than its
 * checksums. See checkpoints.mjs for what is printed. Needs `npm run build` and the addon.
 */
import '../report-errors.mjs'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { extname, join } from 'node:path'
import { createSpace, loadGroundTruth, parseConfig, Supernet, UserError } from 'pada-native'
import { decompressBzip2 } from '#dist/formats/bzip2.js'
import { pickleKind } from '#dist/formats/pickle-kind.js'
import { storedZip } from '#dist/formats/stored-zip.js'
import { openTable } from '#dist/ground-truth/tables/open-table.js'
import { temporaryFolder } from '../support/ending.mjs'
import { complaintOfTable, mutateCheckpoint } from './mutate.mjs'
import { fuzz, zipEntries } from './run.mjs'

/** As NAS-Bench-Macro is published. */
const MACRO = { '02012100': { mean_acc: 90.5, params: 890_666 }, 11111221: { mean_acc: 91, params: 2_181_386 } }

const fixtures = new URL('../../test/fixtures/tables/', import.meta.url)
/** @type {(import('./mutate.mjs').Source & { extension: string, of?: string })[]} */
const sources = [
  { bytes: Buffer.from(JSON.stringify(MACRO)), extension: '.json', of: 'nasbench-macro' },
  {
    bytes: Buffer.from(JSON.stringify(Object.entries(MACRO).map(([arch, entry]) => ({ arch, ...entry })))),
    extension: '.json',
    of: 'nasbench-macro',
  },
  { bytes: readFileSync(new URL('../../test/cli/tiny.csv', import.meta.url)), extension: '.csv' },
  {
    bytes: Buffer.from(`hash,accuracy\n${'0123456789abcdef'.repeat(2)},0.9\n${'fedcba9876543210'.repeat(2)},nan\n`),
    extension: '.csv',
    of: 'nasbench1shot1-1',
  },
]
for (const name of readdirSync(fixtures, { encoding: 'utf8', recursive: true }).sort()) {
  if (!/\.(npy|pth|pickle|pbz2|tfrecord)$/.test(name)) continue
  const bytes = readFileSync(new URL(name, fixtures))
  const kind = pickleKind(bytes)
  const extension = extname(name)
  const of = extension === '.tfrecord' ? 'nasbench1shot1-1' : undefined
  sources.push({ bytes, extension, of, ...(kind === 'torchZip' && { entries: await zipEntries(bytes) }) })
  if (kind === 'bzip2') sources.push({ bytes: decompressed(bytes), extension: '.pickle' })
}

const spaces = ['nasbench201', 'nasbench-macro', 'nasbench1shot1-1'].map((name) => {
  const space = createSpace(parseConfig({ space: /** @type {never} */ ({ name, channels: 2 }) }).space)
  return { name, space, net: Supernet.of(space) }
})
const folder = temporaryFolder('pada-tables-')

await fuzz({
  damaged(random) {
    const source = random.pick(sources)
    const bytes = mutateCheckpoint(source, random, sources, storedZip)
    const fitting = spaces.find(({ name }) => name === (source.of ?? 'nasbench201'))
    const { space, net } = (random.below(8) > 0 && fitting) || random.pick(spaces)
    return { bytes, extension: source.extension, space, net }
  },
  async read({ bytes, extension, space, net }) {
    const file = join(folder, `damaged${extension}`)
    writeFileSync(file, bytes)
    const table = await openTable(file)
    const columns = new Map(table.columns.map((name) => [name, table.values(name)]))
    const wrong = complaintOfTable({ keys: table.keys, columns }, UserError)
    if (wrong !== undefined) throw new TypeError(wrong)
    const truth = await loadGroundTruth(file, space, { column: table.columns[0] })
    // The paths of hashes are all of the space.
    if (table.keyedBy === 'hash') return
    for (const path of truth.paths.slice(0, 2)) {
      net.compile(space.program(path)).dispose()
      const accuracy = truth.accuracy(path) ?? Number.NaN
      if (!(accuracy >= 0 && accuracy <= 100)) throw new TypeError(`the accuracy ${accuracy} of ${path}`)
    }
  },
  complaint: (outcome) => (outcome instanceof Error ? complaintOfTable(outcome, UserError) : undefined),
})

/** @param {Buffer} bytes */
function decompressed(bytes) {
  const rest = [bytes]
  const next = decompressBzip2(() => rest.pop(), 'fixture')
  const parts = []
  for (let part = next(); part !== undefined; part = next()) parts.push(part)
  return Buffer.concat(parts)
}
