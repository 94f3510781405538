/** The rules for what a search space says of itself: choices, tensors, notations and which path uses what. */
import type { RandomStream } from '../base/random.js'
import { type Program, parametersOf } from '../programs/program.js'
import { PathSampler } from '../sampling/paths.js'
import { enumeratePaths, operationsOf, optionsOf, parsePath, spaceSize } from '../spaces/path.js'
import type { Path, SearchSpace } from '../spaces/space.js'

/** The problems of one rule, one sentence each. */
export type Problems = Generator<string, void>

/** Largest number of paths of a space whose notations are all compared. */
const LISTED = 20_000
/** Number of paths drawn for each option, to reach every parameter. */
const ATTEMPTS = 20

/** The first problem of each rule, because one mistake breaks a rule in many places. */
export function firstOfEach(...rules: readonly Problems[]): string[] {
  return rules.flatMap((problems) => {
    const { value } = problems.next()
    return value === undefined ? [] : [value]
  })
}

/** The members that a space needs, and what its choices and tensors are. Nothing else can be tried before these. */
export function structureProblems(space: SearchSpace): string[] {
  const missing = firstOfEach(memberProblems(space))
  if (missing.length > 0) return missing
  return firstOfEach(
    optionProblems(space),
    operationProblems(space),
    repetitionProblems(space),
    nameProblems(space),
    extentProblems(space),
    markProblems(space),
  )
}

/** Notations, refusals and the use of parameters. `drawn`: paths of the space. */
export function pathProblems(space: SearchSpace, drawn: readonly Path[], stream: RandomStream): string[] {
  return firstOfEach(
    inversionProblems(space, drawn),
    distinctionProblems(space),
    refusalProblems(space, drawn[0], 'program'),
    refusalProblems(space, drawn[0], 'encode'),
    unreadableProblems(space),
    useProblems(space, stream),
  )
}

function* memberProblems(space: SearchSpace): Problems {
  for (const name of ['parameters', 'program', 'encode', 'decode'] as const) {
    if (typeof space[name] !== 'function') yield `Expected a function for ${name} but received ${typeof space[name]}`
  }
  for (const name of ['choices', 'operations'] as const) {
    if (!Array.isArray(space[name])) yield `Expected a list for ${name} but received ${typeof space[name]}`
  }
  for (const name of ['channels', 'height', 'width'] as const) {
    if (!isExtent(space.input?.[name])) {
      yield `Expected a positive whole number for input.${name} but received ${space.input?.[name]}`
    }
  }
  if (!isExtent(space.classes)) yield `Expected a positive whole number for classes but received ${space.classes}`
  for (const name of ['parameters', 'buffers'] as const) {
    try {
      space[name]?.()
    } catch (error) {
      yield `Expected the tensors of ${name}() but received the error "${messageOf(error)}"`
    }
  }
}

function isExtent(value: unknown): boolean {
  return Number.isInteger(value) && (value as number) > 0
}

function* optionProblems({ choices }: SearchSpace): Problems {
  for (const choice of choices) {
    if (!(optionsOf(choice) > 0)) yield `Expected at least one option for ${choice.name} but received none`
  }
}

function* operationProblems({ choices, operations }: SearchSpace): Problems {
  for (const choice of choices) {
    if (!('operations' in choice)) continue
    const unknown = choice.operations.find((operation) => operations[operation] === undefined)
    const last = operations.length - 1
    if (unknown !== undefined) yield `Expected operations 0…${last} for ${choice.name} but received ${unknown}`
  }
}

function* repetitionProblems({ choices }: SearchSpace): Problems {
  for (const choice of choices) {
    if ('operations' in choice && new Set(choice.operations).size < choice.operations.length) {
      yield `Expected different operations for ${choice.name} but received ${choice.operations}`
    }
  }
}

function* nameProblems(space: SearchSpace): Problems {
  const seen = new Set<string>()
  for (const { name } of tensorsOf(space)) {
    if (seen.has(name)) yield `Expected different names for all tensors but received ${name} twice`
    seen.add(name)
  }
}

function* extentProblems(space: SearchSpace): Problems {
  for (const { name, shape } of tensorsOf(space)) {
    if (shape.length > 0 && shape.every(isExtent)) continue
    yield `Expected positive whole extents for ${name} but received ${shape.join('×') || 'none'}`
  }
}

function tensorsOf(space: SearchSpace) {
  return [...space.parameters(), ...(space.buffers?.() ?? [])]
}

function* markProblems(space: SearchSpace): Problems {
  for (const { name, operation } of space.parameters()) {
    if (operation === undefined || space.operations[operation] !== undefined) continue
    yield `Expected an operation 0…${space.operations.length - 1} for ${name} but received ${operation}`
  }
}

function* inversionProblems(space: SearchSpace, drawn: readonly Path[]): Problems {
  for (const path of drawn) {
    try {
      const text = space.encode(path)
      const read = space.decode(text)
      if (read.join() !== path.join()) yield `Expected ${path} for decode("${text}") but received ${read}`
      const understood = parsePath(space, text)
      if (understood.join() !== path.join()) {
        yield `Expected a notation for ${path} that is no list of options but received "${text}", which is read as ${understood}`
      }
    } catch (error) {
      yield `Expected a notation for path ${path} that decode reads but received the error "${messageOf(error)}"`
    }
  }
}

function* distinctionProblems(space: SearchSpace): Problems {
  if (spaceSize(space) > LISTED) return
  const known = new Map<string, Path>()
  for (const path of enumeratePaths(space)) {
    let text: string
    try {
      text = space.encode(path)
    } catch (error) {
      yield `Expected a notation for path ${path} but received the error "${messageOf(error)}"`
      return
    }
    const other = known.get(text)
    if (other !== undefined) {
      yield `Expected different notations for ${other} and ${path} but received "${text}" for both`
    }
    known.set(text, path)
  }
}

/** Tries paths that are too long or choose an option that does not exist. */
function* refusalProblems(space: SearchSpace, path: Path, member: 'program' | 'encode'): Problems {
  const outside = [
    [...path, 0],
    ...space.choices.map((choice, c) => path.with(c, optionsOf(choice))),
    path.map(() => -1),
  ]
  for (const wrong of outside) {
    if (wrong.join() === path.join()) continue
    if (!throws(() => space[member](wrong))) yield `Expected an error for ${member}([${wrong}]) but received none`
  }
}

function* unreadableProblems(space: SearchSpace): Problems {
  if (!throws(() => space.decode('no path at all'))) {
    yield 'Expected an error for decode("no path at all") but received none'
  }
}

function* useProblems(space: SearchSpace, stream: RandomStream): Problems {
  const sampler = PathSampler.uniform(space.choices)
  const marks = new Map(space.parameters().map(({ name, operation }) => [name, operation]))
  const missing = new Set(marks.keys())
  let isConditional = false
  for (const path of pathsOfEachOption(space, sampler, stream, () => missing.size > 0)) {
    let program: Program
    try {
      program = space.program(path)
    } catch (error) {
      yield `Expected a program for path ${path} but received the error "${messageOf(error)}"`
      return
    }
    const names = new Set([...program.instructions.flatMap(parametersOf), ...program.idle])
    const taken = operationsOf(space, path)
    isConditional ||= names.size < marks.size
    for (const name of names) {
      missing.delete(name)
      const operation = marks.get(name)
      if (operation === undefined || taken.includes(operation)) continue
      yield `Expected ${name} in paths with operation ${operation} only but received it in path ${path}`
    }
  }
  if (missing.size > 0) {
    const [first, ...others] = missing
    const more = others.length === 0 ? '' : ` (nor ${others.length} others)`
    yield `Expected a path that uses ${first} but received none in many${more}`
  }
  const isMarked = [...marks.values()].some((operation) => operation !== undefined)
  const hasOperations = space.choices.some((choice) => 'operations' in choice)
  if (isConditional && hasOperations && !isMarked) {
    yield 'Expected the mark `operation` on weights of candidate operations but received none: methods go by it'
  }
}

/** Drawn paths in which every option of every choice occurs: once, and again while `goOn`. */
function* pathsOfEachOption(
  { choices }: SearchSpace,
  sampler: PathSampler,
  stream: RandomStream,
  goOn: () => boolean,
): Generator<Path> {
  yield sampler.draw(stream)
  for (let attempt = 0; attempt < ATTEMPTS && (attempt === 0 || goOn()); attempt++) {
    for (const [c, choice] of choices.entries()) {
      for (let option = 0; option < optionsOf(choice); option++) yield sampler.draw(stream).with(c, option)
    }
  }
}

/** What an error says. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

function throws(call: () => unknown): boolean {
  try {
    call()
    return false
  } catch {
    return true
  }
}
