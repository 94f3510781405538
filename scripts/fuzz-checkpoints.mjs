#!/usr/bin/env node
/**
 * Reads damaged checkpoints, which must be refused in a sentence or read, and never crash, hang or fill the memory.
 *
 *     node scripts/fuzz-checkpoints.mjs [--cases 100000] [--seed 0]
 *
 * Damages the fixtures of the tests, zip archives also within their entries. Prints the seed of every case that goes
 * wrong, with which it can be repeated alone (`--seed N --cases 1`); exits 1 if there is one. Needs `npm run build`.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { parseSafetensors } from '../dist/checkpoint/safetensors.js'
import { storedZip } from '../dist/checkpoint/stored-zip.js'
import { parseTorchStateDict } from '../dist/checkpoint/torch.js'
import { ZipEntries } from '../dist/checkpoint/zip.js'
import { UserError } from '../dist/errors.js'
import { complaint, mutateCheckpoint, randomSource } from './fuzz/mutate.mjs'

const SLOW_MS = 1000
const { values } = parseArgs({
  options: { cases: { type: 'string', default: '100000' }, seed: { type: 'string', default: '0' } },
})
const [cases, firstSeed] = [Number(values.cases), Number(values.seed)]
if (!Number.isSafeInteger(cases) || !Number.isSafeInteger(firstSeed) || cases < 1) {
  console.error(`Expected whole numbers for --cases and --seed but received ${values.cases} and ${values.seed}`)
  process.exit(2)
}

const folder = new URL('../test/fixtures/', import.meta.url)
const sources = []
for (const name of readdirSync(folder).sort()) {
  if (!/\.(pt|safetensors)$/.test(name)) continue
  const bytes = readFileSync(new URL(name, folder))
  sources.push({ bytes, entries: await entriesOf(bytes), safetensors: name.endsWith('.safetensors') })
}

const counts = { read: 0, refused: 0, wrong: 0 }
let slowest = 0
const begin = performance.now()
for (let i = 0; i < cases; i++) {
  const seed = firstSeed + i
  const random = randomSource(seed)
  const source = random.pick(sources)
  const bytes = mutateCheckpoint(source, random, sources, storedZip)
  // Of the processor, not of the clock, which goes on while the machine has other work.
  const start = process.cpuUsage()
  const outcome = await read(source, bytes)
  const { user, system } = process.cpuUsage(start)
  const ms = (user + system) / 1000
  slowest = Math.max(slowest, ms)
  const wrong = complaint(outcome, bytes, UserError) ?? (ms > SLOW_MS ? `${Math.round(ms)} ms` : undefined)
  counts[wrong !== undefined ? 'wrong' : outcome instanceof Error ? 'refused' : 'read']++
  if (wrong !== undefined) console.log(`seed ${seed}: ${wrong}`)
  if ((i + 1) % 100_000 === 0) console.error(`${i + 1} of ${cases}`)
}
const seconds = (performance.now() - begin) / 1000
const megabytes = Math.round(process.resourceUsage().maxRSS / 1024)
console.log(
  `${cases} cases in ${seconds.toFixed(0)} s: ${counts.refused} refused, ${counts.read} read, ${counts.wrong} wrong`,
)
console.log(`slowest ${slowest.toFixed(0)} ms, at most ${megabytes} MB of memory`)
process.exit(counts.wrong > 0 ? 1 : 0)

async function read({ safetensors }, bytes) {
  try {
    return safetensors ? parseSafetensors(bytes, 'fuzz').tensors : await parseTorchStateDict(bytes, 'fuzz')
  } catch (error) {
    return error
  }
}

async function entriesOf(bytes) {
  if (bytes.toString('latin1', 0, 2) !== 'PK') return undefined
  const zip = await ZipEntries.open('fixture', bytes)
  return Promise.all(zip.names.map(async (name) => [name, await zip.read(name)]))
}
