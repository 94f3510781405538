/** Damages encoded programs; see `EncodedProgram` in src/programs/encode-program.ts for what their words mean. */
import { INSTRUCTIONS } from '#dist/programs/instructions.js'

const EDGES = [0, 1, 2, 3, 7, 16, 255, 0xffff, 2 ** 20, 2 ** 20 + 1, 2 ** 30, 2 ** 31 - 1, -1, -2, -(2 ** 31)]
const OPS = Object.keys(INSTRUCTIONS)
const MIX = OPS.indexOf('mix')

/**
 * Changes some words of a program.
 *
 * @param {number[]} words
 * @param {Int32Array} other Of another program.
 * @param {import('./mutate.mjs').RandomSource} random
 */
export function damageWords(words, other, random) {
  const at = random.below(words.length)
  const length = 1 + random.below(16)
  switch (random.below(6)) {
    case 0:
      words[at] = random.pick([...EDGES, words[at] + 1, words[at] - 1])
      break
    case 1:
      words[at] = random.pick(words)
      break
    case 2:
      words.splice(at, random.below(2) === 0 ? 1 : length)
      break
    case 3:
      words.splice(at, 0, random.pick(words))
      break
    case 4:
      words.splice(at, length, ...other.slice(at, at + length))
      break
    default:
      words.splice(at)
  }
}

/**
 * Changes one instruction of a program, so that it often still is one.
 *
 * @param {number[]} words
 * @param {import('./mutate.mjs').RandomSource} random
 */
export function damageInstruction(words, random) {
  const instructions = instructionsOf(words)
  const id = random.below(instructions.length)
  const instruction = instructions[id]
  if (instruction === undefined) return
  const { start, inputs, parameters, shape, attributes, end } = instruction
  const input = inputs.start + random.below(inputs.count)
  switch (random.below(7)) {
    case 0:
      if (inputs.count > 0) words[input] = random.below(id)
      break
    case 1: {
      const alike = instructions.findIndex((one, i) => i > 0 && i < id && sameWords(words, one.shape, shape, 3))
      if (alike > 0 && inputs.count > 0) words[input] = alike
      break
    }
    case 2:
      words[start] = random.below(OPS.length)
      break
    case 3:
      words[shape + random.below(3)] = random.pick([1, 2, 3, 4, 8])
      break
    case 4:
      if (attributes.count > 0) words[attributes.start + random.below(attributes.count)] = random.pick([0, 1, 2, 3, 5])
      break
    case 5: {
      const other = random.pick(instructions).parameters
      const count = Math.min(other.count, parameters.count)
      words.splice(parameters.start, count, ...words.slice(other.start, other.start + count))
      break
    }
    default:
      // The same once more, which nothing reads, or an output does.
      words.push(...words.slice(start, end))
      if (random.below(2) === 0) words[1] = instructions.length
  }
}

/**
 * @param {ArrayLike<number>} words
 * @param {number} a
 * @param {number} b
 * @param {number} count
 */
function sameWords(words, a, b, count) {
  for (let i = 0; i < count; i++) if (words[a + i] !== words[b + i]) return false
  return true
}

/**
 * Where the parts of every instruction are, of a program that encodeProgram wrote or the addon accepted.
 *
 * @param {ArrayLike<number>} words
 */
function instructionsOf(words) {
  const instructions = []
  let at = 1 + 3 * words[0]
  const list = () => {
    const part = { start: at + 1, count: Math.max(0, words[at]) }
    at = part.start + part.count
    return part
  }
  while (at < words.length) {
    const start = at++
    const [inputs, parameters] = [list(), list(), list()]
    const shape = at
    at += 3
    const attributes = list()
    instructions.push({ start, inputs, parameters, shape, attributes, end: at })
  }
  return instructions
}

/**
 * Changes a list of names.
 *
 * @param {string[]} names
 * @param {readonly string[]} others Of another program.
 * @param {import('./mutate.mjs').RandomSource} random
 */
export function damageNames(names, others, random) {
  const at = random.below(names.length)
  const name = random.pick([...others, ...names, '', '\u0000', 'x'.repeat(300)])
  names.splice(at, random.below(2), ...(random.below(3) === 0 ? [] : [name]))
}

/**
 * The number of values of one image, and of coefficients of mixes, of a program that was accepted.
 *
 * @param {Int32Array} code
 */
export function sizesOf(code) {
  let [values, coefficients] = [0, 0]
  for (const { start, inputs, shape, attributes } of instructionsOf(code)) {
    values += code[shape] * code[shape + 1] * code[shape + 2]
    if (code[start] === MIX) coefficients = Math.max(coefficients, code[attributes.start] + inputs.count)
  }
  return { values, coefficients }
}
