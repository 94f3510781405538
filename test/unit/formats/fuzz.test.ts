import { readdirSync, readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { complaint, mutateCheckpoint, randomSource, type Source } from '../../../scripts/fuzz/mutate.mjs'
import { UserError } from '../../../src/base/errors.js'
import { parseSafetensors } from '../../../src/formats/safetensors.js'
import { storedZip } from '../../../src/formats/stored-zip.js'
import { parseTorchFile } from '../../../src/formats/torch.js'
import { ZipEntries } from '../../../src/formats/zip.js'

const CASES = 4000
const folder = new URL('../../fixtures/', import.meta.url)

async function sourceOf(name: string): Promise<Source & { safetensors: boolean }> {
  const bytes = readFileSync(new URL(name, folder))
  const safetensors = name.endsWith('.safetensors')
  if (bytes.toString('latin1', 0, 2) !== 'PK') return { bytes, safetensors }
  const zip = await ZipEntries.open(name, bytes)
  const entries = await Promise.all(zip.names.map(async (entry) => [entry, await zip.read(entry)] as const))
  return { bytes, entries, safetensors }
}

/** See scripts/fuzz/checkpoints.mjs, which does the same a million times. */
it('reads or refuses damaged checkpoints, and does nothing else', async () => {
  const names = readdirSync(folder).filter((name) => /\.(pt|safetensors)$/.test(name))
  const sources = await Promise.all(names.sort().map(sourceOf))
  const counts = { read: 0, refused: 0 }
  for (let seed = 0; seed < CASES; seed++) {
    const random = randomSource(seed)
    const source = random.pick(sources)
    const bytes = mutateCheckpoint(source, random, sources, storedZip)
    const reading = async () => {
      if (source.safetensors) return (await parseSafetensors(bytes, 'fuzz')).tensors
      return (await parseTorchFile(bytes, 'fuzz')).tensors
    }
    const outcome = await reading().catch((error: Error) => error)
    expect(complaint(outcome, bytes, UserError), `seed ${seed}`).toBeUndefined()
    counts[outcome instanceof Error ? 'refused' : 'read']++
  }
  // Damage that is always refused, or never, would test nothing.
  expect(counts.read).toBeGreaterThan(CASES / 50)
  expect(counts.refused).toBeGreaterThan(CASES / 2)
})
