/** Taps at both ends of convolutions, in any program. They let steps keep and compare the inputs and outputs. */
import { withInputs } from './outputs.js'
import { type Instruction, inputsOf, type Program } from './program.js'

/**
 * Puts taps around the convolutions of given weights. The first tap lies before the ReLU that precedes the convolution,
 * if there is one. The second tap lies after the batch norm, if the convolution has no other reader. The taps of a
 * weight have the same two slots in all programs of one object. If a program uses a weight several times, its first,
 * second, … use has two slots each.
 */
export class Taps {
  readonly #weights: ReadonlySet<string>
  /** By use of a weight: the slot of the first tap. The second tap has the next slot. */
  readonly #slots = new Map<string, number>()

  /** `weights`: names of parameters. Only the weights of convolutions get taps. */
  constructor(weights: Iterable<string>) {
    this.#weights = new Set(weights)
  }

  /** Returns a program that computes the same and reads values through their taps. */
  insert(program: Program): Program {
    const slots = this.#slotsByValue(program)
    const instructions: Instruction[] = []
    /** By value of `program`: the value that replaces it. */
    const places: number[] = []
    for (const [id, instruction] of program.instructions.entries()) {
      places[id] = instructions.push(withInputs(instruction, places)) - 1
      for (const slot of slots.get(id) ?? []) {
        places[id] = instructions.push({ op: 'tap', input: places[id], output: instruction.output, slot }) - 1
      }
    }
    const outputs = program.outputs.map((output) => ({ ...output, value: places[output.value] }))
    return { instructions, outputs, idle: program.idle }
  }

  #slotsByValue({ instructions, outputs }: Program): Map<number, number[]> {
    const readers = readersOf(instructions)
    const slots = new Map<number, number[]>()
    const tap = (value: number, slot: number) => slots.set(value, [...(slots.get(value) ?? []), slot])
    const uses = new Map<string, number>()
    for (const [id, instruction] of instructions.entries()) {
      if (instruction.op !== 'conv2d' || !this.#weights.has(instruction.weight)) continue
      const use = uses.get(instruction.weight) ?? 0
      uses.set(instruction.weight, use + 1)
      const slot = this.#slot(instruction.weight, use)
      const source = instructions[instruction.input]
      const [follower, ...others] = readers[id]
      const isOutput = outputs.some(({ value }) => value === id)
      const normed = !isOutput && others.length === 0 && instructions[follower]?.op === 'batchNorm'
      tap(source.op === 'relu' || source.op === 'relu6' ? source.input : instruction.input, slot)
      tap(normed ? follower : id, slot + 1)
    }
    return slots
  }

  #slot(weight: string, use: number): number {
    const key = `${use} ${weight}`
    const known = this.#slots.get(key)
    if (known !== undefined) return known
    const slot = 2 * this.#slots.size
    this.#slots.set(key, slot)
    return slot
  }
}

function readersOf(instructions: readonly Instruction[]): number[][] {
  const readers: number[][] = instructions.map(() => [])
  for (const [id, instruction] of instructions.entries())
    for (const input of inputsOf(instruction)) readers[input].push(id)
  return readers
}
