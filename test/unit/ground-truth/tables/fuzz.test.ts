import { readdirSync, readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { complaintOfTable, mutateCheckpoint, randomSource, type Source } from '../../../../scripts/fuzz/mutate.mjs'
import { UserError } from '../../../../src/base/errors.js'
import { decompressBzip2 } from '../../../../src/formats/bzip2.js'
import { type PickleKind, pickleKind } from '../../../../src/formats/pickle-kind.js'
import { storedZip } from '../../../../src/formats/stored-zip.js'
import { ZipEntries } from '../../../../src/formats/zip.js'
import { parsePickledTable } from '../../../../src/ground-truth/tables/pickled-table.js'

const CASES = 2000
const folder = new URL('../../../fixtures/tables/', import.meta.url)

/** A table, and, where it is in bzip2, what is compressed, with which damage gets further. */
async function sourcesOf(name: string): Promise<(Source & { kind: PickleKind })[]> {
  const bytes = readFileSync(new URL(name, folder))
  const kind = pickleKind(bytes)!
  if (kind === 'torchZip') {
    const zip = await ZipEntries.open(name, bytes)
    const entries = await Promise.all(zip.names.map(async (entry) => [entry, await zip.read(entry)] as const))
    return [{ bytes, kind, entries }]
  }
  if (kind !== 'bzip2') return [{ bytes, kind }]
  const rest = [bytes]
  const pickle = decompressBzip2(() => rest.pop(), name)()!
  return [
    { bytes, kind },
    { bytes: pickle, kind: 'pickle' },
  ]
}

/** See scripts/fuzz/tables.mjs, which does the same a hundred thousand times. */
it('reads or refuses damaged tables, and does nothing else', async () => {
  const names = readdirSync(folder).filter((name) => /\.(npy|pth|pickle|pbz2)$/.test(name))
  const sources = (await Promise.all(names.sort().map(sourcesOf))).flat()
  const counts = { read: 0, refused: 0 }
  for (let seed = 0; seed < CASES; seed++) {
    const random = randomSource(seed)
    const source = random.pick(sources)
    const bytes = mutateCheckpoint(source, random, sources, storedZip)
    const outcome = await parsePickledTable(bytes, source.kind, 'fuzz').catch((error: Error) => error)
    expect(complaintOfTable(outcome, UserError), `seed ${seed}`).toBeUndefined()
    counts[outcome instanceof Error ? 'refused' : 'read']++
  }
  // Damage that is always refused, or never, would test nothing.
  expect(counts.read).toBeGreaterThan(CASES / 50)
  expect(counts.refused).toBeGreaterThan(CASES / 2)
})
