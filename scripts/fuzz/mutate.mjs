/** Damages files as an attacker or a bad disk might: seeded, so that a failure can be repeated. */

/**
 * @typedef {{
 *   below(count: number): number
 *   pick<Item>(list: ArrayLike<Item>): Item
 * }} RandomSource
 */

/**
 * A file to damage; of a zip archive also its entries.
 *
 * @typedef {{
 *   readonly bytes: Buffer
 *   readonly entries?: readonly (readonly [name: string, bytes: Buffer])[]
 * }} Source
 */

/** @typedef {new (...args: never[]) => Error} ErrorClass */

/**
 * A generator of 32-bit numbers (xorshift), and what is drawn with it.
 *
 * @param {number} seed
 * @returns {RandomSource}
 */
export function randomSource(seed) {
  let state = (seed ^ 0x9e3779b9) >>> 0 || 1
  const next = () => {
    state ^= state << 13
    state ^= state >>> 17
    state = (state ^ (state << 5)) >>> 0
    return state
  }
  const below = (/** @type {number} */ count) => (count > 0 ? next() % count : 0)
  return { below, pick: (list) => list[below(list.length)] }
}

const EDGES = [
  0n,
  1n,
  0x7fn,
  0x80n,
  0xffn,
  0xffffn,
  0x7fffffffn,
  0x80000000n,
  0xffffffffn,
  2n ** 53n,
  2n ** 63n - 1n,
  2n ** 64n - 1n,
]
/** Opcodes of pickles, with which most bytes of one can be replaced and still mean something. */
const OPCODES = Buffer.from(
  '(.012FIKMNPQRSVX]abcdegijlopqrstu}\x80\x81\x82\x85\x86\x87\x88\x89\x8a\x8b\x8c\x8f\x90\x91\x92\x93\x94\x95',
  'latin1',
)

/**
 * A damaged copy of `bytes`; `other` is a file from which pieces may come.
 *
 * @param {Buffer} bytes
 * @param {RandomSource} random
 */
export function mutate(bytes, random, other = bytes) {
  /** @type {Buffer} */
  let result = Buffer.from(bytes)
  for (let times = 1 + random.below(4); times > 0; times--) result = damage(result, random, other)
  return result
}

/**
 * @param {Buffer} bytes
 * @param {RandomSource} random
 * @param {Buffer} other
 * @returns {Buffer}
 */
function damage(bytes, random, other) {
  const at = random.below(bytes.length)
  const length = 1 + random.below(Math.min(64, bytes.length))
  const piece = (/** @type {Buffer} */ from) => {
    const start = random.below(from.length)
    return from.subarray(start, start + length)
  }
  switch (random.below(9)) {
    case 0:
      if (bytes.length > 0) bytes[at] ^= 1 << random.below(8)
      return bytes
    case 1:
      if (bytes.length > 0) bytes[at] = random.below(256)
      return bytes
    case 2:
      if (bytes.length > 0) bytes[at] = random.pick(OPCODES)
      return bytes
    case 3:
      return bytes.subarray(0, at)
    case 4:
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + length)])
    case 5:
      return Buffer.concat([bytes.subarray(0, at), piece(bytes), bytes.subarray(at)])
    case 6:
      return Buffer.concat([bytes.subarray(0, at), piece(other), bytes.subarray(at + length)])
    case 7:
      return Buffer.concat([bytes.subarray(0, at), Buffer.from([random.pick(OPCODES)]), bytes.subarray(at)])
    default: {
      const number = Buffer.alloc(8)
      number.writeBigUInt64LE(random.pick(EDGES))
      number.copy(bytes, at, 0, random.pick([2, 4, 8]))
      return bytes
    }
  }
}

/**
 * A damaged copy of a checkpoint. Of a zip archive, mostly the contents of one entry are damaged, and `zip` makes the
 * checksums right again: otherwise no damage would get further than those.
 *
 * @param {Source} source
 * @param {RandomSource} random
 * @param {readonly Source[]} sources
 * @param {(entries: readonly (readonly [string, Uint8Array])[], file: string) => Uint8Array[]} zip
 */
export function mutateCheckpoint(source, random, sources, zip) {
  const other = random.pick(sources)
  if (source.entries === undefined || random.below(4) === 0) return mutate(source.bytes, random, other.bytes)
  const chosen =
    random.below(3) > 0
      ? source.entries.findIndex(([name]) => name.endsWith('data.pkl'))
      : random.below(source.entries.length)
  const entries = source.entries.map(([name, bytes], i) => {
    const pickle = other.entries?.find(([name]) => name.endsWith('data.pkl'))?.[1]
    const changed = i === chosen ? mutate(bytes, random, pickle ?? other.bytes) : bytes
    return /** @type {const} */ ([name, changed])
  })
  return Buffer.concat(zip(entries, 'fuzz'))
}

/**
 * Whether the outcome of reading a damaged checkpoint is one that is allowed: an error that the user can mend, in one
 * short sentence, or tensors that are not many times larger than the file. Returns what is wrong, if anything.
 *
 * @param {ReadonlyMap<string, import('pada-native').Tensor> | Error} outcome
 * @param {Buffer} bytes
 * @param {ErrorClass} UserError
 */
export function complaint(outcome, bytes, UserError) {
  if (outcome instanceof Error) return complaintOfError(outcome, UserError)
  let elements = 0
  for (const { shape, data } of outcome.values()) {
    if (shape.reduce((product, extent) => product * extent, 1) !== data.length) return 'a shape unlike its data'
    elements += data.length
  }
  return elements > 16 * bytes.length ? `${elements} elements of ${bytes.length} bytes` : undefined
}

/**
 * The same of a table, whose columns must have a number for every key.
 *
 * @param {{ keys: readonly unknown[], columns: ReadonlyMap<string, ArrayLike<number>> } | Error} outcome
 * @param {ErrorClass} UserError
 */
export function complaintOfTable(outcome, UserError) {
  if (outcome instanceof Error) return complaintOfError(outcome, UserError)
  const { keys, columns } = outcome
  if (!keys.every((key) => typeof key === 'string')) return 'a key that is no text'
  for (const values of columns.values()) {
    if (values.length !== keys.length) return `${values.length} numbers for ${keys.length} keys`
  }
  return undefined
}

/**
 * What is wrong with an error, if anything.
 *
 * @param {Error} error
 * @param {ErrorClass} UserError
 * @param {number} [longest] Of a message. Settings have a sentence per problem.
 */
export function complaintOfError(error, UserError, longest = 1500) {
  const { stack, message } = error
  if (!(error instanceof UserError)) return `${stack}`
  if (message.length > longest) return `a message of ${message.length} characters`
  return /^Expected .* but received .*/s.test(message) ? undefined : `the message ${message}`
}
