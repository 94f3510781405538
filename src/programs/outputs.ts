/** The outputs of a program: its logits, and what remains without the auxiliary ones. */
import { type Instruction, inputsOf, type Program, type ProgramOutput, parametersOf } from './program.js'

/** Index of the instruction whose value is the network's result. Throws a RangeError unless there is one such output. */
export function logitsOf({ outputs }: Pick<Program, 'outputs'>): number {
  return outputsByRole(outputs).logits.value
}

/** The outputs of a program by their roles. Throws a RangeError unless one has the role `logits`. */
export function outputsByRole(outputs: readonly ProgramOutput[]): {
  readonly logits: ProgramOutput
  readonly auxiliary: readonly ProgramOutput[]
} {
  const [logits, ...others] = outputs.filter(({ role }) => role === 'logits')
  if (logits === undefined || others.length > 0) {
    const received = logits === undefined ? 'none' : others.length + 1
    throw new RangeError(`Expected one output with the role logits for a program but received ${received}`)
  }
  return { logits, auxiliary: outputs.filter(({ role }) => role === 'auxiliary') }
}

/**
 * The program without its auxiliary outputs and the instructions that only they need. Instructions that no output needs
 * stay. A program without auxiliary outputs is returned as it is.
 */
export function withoutAuxiliary(program: Program): Program {
  const { instructions, idle } = program
  const { logits, auxiliary } = outputsByRole(program.outputs)
  if (auxiliary.length === 0) return program
  const needed = neededFor(instructions, [logits.value])
  const neededAside = neededFor(
    instructions,
    auxiliary.map(({ value }) => value),
  )
  const kept: Instruction[] = []
  /** By value of `program`: the value that replaces it. */
  const places: number[] = []
  for (const [id, instruction] of instructions.entries()) {
    if (needed[id] || !neededAside[id]) places[id] = kept.push(withInputs(instruction, places)) - 1
  }
  return { instructions: kept, outputs: [{ ...logits, value: places[logits.value] }], idle }
}

/** Names of the parameters that only auxiliary outputs need. */
export function auxiliaryParameters(program: Program): ReadonlySet<string> {
  const namesOf = ({ instructions }: Pick<Program, 'instructions'>) => new Set(instructions.flatMap(parametersOf))
  const kept = namesOf(withoutAuxiliary(program))
  return new Set([...namesOf(program)].filter((name) => !kept.has(name)))
}

/**
 * By instruction: true if one of the values depends on it. Programs are in topological order, so one backward sweep
 * suffices.
 */
export function neededFor(instructions: readonly Instruction[], values: readonly number[]): boolean[] {
  const needed = new Array<boolean>(instructions.length).fill(false)
  for (const value of values) needed[value] = true
  for (let id = instructions.length - 1; id >= 0; id--) {
    if (needed[id]) for (const input of inputsOf(instructions[id])) needed[input] = true
  }
  return needed
}

/** The instruction with each input replaced by its entry of `places`. */
export function withInputs(instruction: Instruction, places: readonly number[]): Instruction {
  if ('inputs' in instruction) return { ...instruction, inputs: instruction.inputs.map((input) => places[input]) }
  return 'input' in instruction ? { ...instruction, input: places[instruction.input] } : instruction
}
