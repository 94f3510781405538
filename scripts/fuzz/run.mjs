/** Tries many damaged files one after the other, and says how that went. */
import { closeSync, openSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { ZipEntries } from '#dist/formats/zip.js'
import { wholeOption } from '../support/whole-option.mjs'
import { randomSource } from './mutate.mjs'

/** Of processor time, per case. Sanitizers take their time. */
const SLOW_MS = process.env.PADA_SANITIZED_ADDON === undefined ? 1000 : 10_000
/** Of the process. */
const MOST_MEGABYTES = 3000

/**
 * One damaged file; what else is read of it depends on the kind of file.
 *
 * @typedef {{ bytes: Buffer }} Case
 */

/**
 * Runs `--cases` cases from `--seed` on; prints the seed of every one that goes wrong, and ends the process, with 1 if
 * there is one. A file says the seed of the case under way. If the process crashes or is killed, the file stays.
 *
 * @template {Case} One
 * @template Outcome
 * @param {object} options
 * @param {(random: import('./mutate.mjs').RandomSource) => One} options.damaged Makes a case from a seeded source.
 * @param {(one: One) => Promise<Outcome>} options.read Reads it; what it throws is an outcome too.
 * @param {(outcome: Outcome | Error, bytes: Buffer) => string | undefined} options.complaint What is wrong with an
 *   outcome, if anything.
 */
export async function fuzz({ damaged, read, complaint }) {
  const { values } = parseArgs({
    options: { cases: { type: 'string', default: '100000' }, seed: { type: 'string', default: '0' } },
  })
  const [cases, firstSeed] = [wholeOption(values, 'cases'), wholeOption(values, 'seed', 0)]
  const underWay = seedFile()
  const counts = { read: 0, refused: 0, wrong: 0 }
  let slowest = 0
  const begin = performance.now()
  for (let i = 0; i < cases; i++) {
    const seed = firstSeed + i
    underWay.note(seed)
    const one = damaged(randomSource(seed))
    // Of the processor, not of the clock, which goes on while the machine has other work.
    const start = process.cpuUsage()
    const outcome = await outcomeOf(read, one)
    const { user, system } = process.cpuUsage(start)
    const ms = (user + system) / 1000
    slowest = Math.max(slowest, ms)
    const wrong = complaint(outcome, one.bytes) ?? (ms > SLOW_MS ? `${Math.round(ms)} ms` : undefined)
    counts[wrong !== undefined ? 'wrong' : outcome instanceof Error ? 'refused' : 'read']++
    if (wrong !== undefined) console.log(`seed ${seed}: ${wrong}`)
    if ((i + 1) % 10_000 === 0) console.error(`${i + 1} of ${cases}`)
  }
  underWay.remove()
  const seconds = (performance.now() - begin) / 1000
  const megabytes = Math.round(process.resourceUsage().maxRSS / 1024)
  console.log(
    `${cases} cases in ${seconds.toFixed(0)} s: ${counts.refused} refused, ${counts.read} read, ${counts.wrong} wrong`,
  )
  console.log(`slowest ${slowest.toFixed(0)} ms, at most ${megabytes} MB of memory`)
  const isLarge = megabytes > MOST_MEGABYTES
  if (isLarge) console.log(`Expected at most ${MOST_MEGABYTES} MB`)
  process.exit(counts.wrong > 0 || isLarge ? 1 : 0)
}

/** A file with the seed of the case under way, and its name on the standard error output. */
function seedFile() {
  const file = join(tmpdir(), `pada-fuzz-${process.pid}.seed`)
  const descriptor = openSync(file, 'w')
  console.error(`The seed of the case under way is in ${file}`)
  return {
    note: (/** @type {number} */ seed) => writeSync(descriptor, `${seed}\n`, 0),
    remove() {
      closeSync(descriptor)
      rmSync(file)
    },
  }
}

/**
 * @template One
 * @template Outcome
 * @param {(one: One) => Promise<Outcome>} read
 * @param {One} one
 */
async function outcomeOf(read, one) {
  try {
    return await read(one)
  } catch (error) {
    return error instanceof Error ? error : new Error(`Expected an Error to be thrown but received ${error}`)
  }
}

/**
 * The entries of a zip archive by their names.
 *
 * @param {Buffer} bytes
 */
export async function zipEntries(bytes) {
  const zip = await ZipEntries.open('fixture', bytes)
  return Promise.all(zip.names.map(async (name) => /** @type {const} */ ([name, await zip.read(name)])))
}
