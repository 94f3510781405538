/** What TypeScript believes of the addon: its exports, the members of its classes, and the lists that both sides have. */
import { readFileSync } from 'node:fs'
import { cpus } from 'node:os'
import ts from 'typescript'
import { describe, expect, it } from 'vitest'
import { METHODS } from '../../src/config/methods.js'
import { loadBinding } from '../../src/native/binding.js'
import { IMAGE_OPERATIONS } from '../../src/native/image-operations.js'
import { nativeInfo, setThreads } from '../../src/native/index.js'
import { FAMILIES } from '../../src/native/process.js'
import { OPTIMIZER_SLOTS, STATE_KINDS } from '../../src/native/state.js'
import { INSTRUCTIONS } from '../../src/programs/instructions.js'

const raw = new URL('../../src/native/raw.ts', import.meta.url)
const declared = interfaces(readFileSync(raw, 'utf8'))

/** Names of the members of every interface of a file, those of the interfaces it extends among them. */
function interfaces(text: string): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>()
  for (const node of ts.createSourceFile('raw.ts', text, ts.ScriptTarget.Latest, true).statements) {
    if (!ts.isInterfaceDeclaration(node)) continue
    const bases = (node.heritageClauses ?? []).flatMap(({ types }) => types.map((type) => type.getText()))
    const members = node.members.map((member) => member.name!.getText())
    found.set(node.name.text, [...bases.flatMap((base) => found.get(base)!), ...members])
  }
  return found
}

/** Names that a class of the addon gives its objects. */
const members = (type: { readonly prototype: object }) =>
  Object.getOwnPropertyNames(type.prototype).filter((name) => name !== 'constructor')

describe('raw.ts declares', () => {
  const addon = loadBinding()

  it('what the addon exports', () => {
    expect(Object.keys(addon).toSorted()).toEqual(declared.get('Binding')!.toSorted())
  })

  it.each(['Communicator', 'Dataset', 'HeldBatch', 'ImageStream', 'Supernet'] as const)('the members of %s', (name) => {
    expect(members(addon[name]).toSorted()).toEqual(declared.get(`Raw${name}`)!.toSorted())
  })

  it('the members of a plan, which has its names as a property of its own', () => {
    const spec = { names: ['w', 'b'], shapes: [[2, 1], [2]] }
    const options = { device: 'cpu', arithmetic: 'fast', precision: 'float32' } as const
    const buffers = { names: [], shapes: [], initial: new Float32Array(0) }
    const supernet = new addon.Supernet(spec.names, spec.shapes, buffers, options)
    const [input, linear] = ['input', 'linear'].map((name) => Object.keys(INSTRUCTIONS).indexOf(name))
    const output = [1, ...new Int32Array(Float64Array.of(1).buffer)]
    const code = [1, ...output, input, 0, 0, 0, 1, 1, 1, 0, linear, 1, 0, 2, 0, 1, 0, 2, 1, 1, 0]
    const plan = supernet.compile(Int32Array.from(code), spec.names, [])
    const found = [...Object.keys(plan), ...members(plan.constructor as never)]
    expect(found.toSorted()).toEqual(declared.get('RawPlan')!.toSorted())
    plan.dispose()
    supernet.dispose()
  })

  it('the members of what it tells of itself', () => {
    const text = readFileSync(new URL('../../src/native/process.ts', import.meta.url), 'utf8')
    expect(Object.keys(nativeInfo()).toSorted()).toEqual(interfaces(text).get('NativeInfo')!.toSorted())
  })
})

describe('the lists that both sides have are equal:', () => {
  const { instructions, optimizers, stateKinds, imageOperations, families } = loadBinding().tables()

  it('instructions and their attributes', () => {
    expect(instructions.map(({ name, attributes }) => [name, attributes])).toEqual(Object.entries(INSTRUCTIONS))
  })

  it('optimizers and what they keep', () => {
    expect(optimizers.map(({ kind, slots }) => [kind, slots])).toEqual(Object.entries(OPTIMIZER_SLOTS))
  })

  it('kinds of state', () => {
    expect(stateKinds).toEqual(STATE_KINDS)
  })

  it('operations on images', () => {
    expect(imageOperations).toEqual(IMAGE_OPERATIONS)
  })

  it('families of operations', () => {
    expect(families).toEqual(FAMILIES)
  })

  it('but the addon knows no method', () => {
    const text = JSON.stringify(loadBinding().tables())
    expect(METHODS.filter((method) => text.includes(`"${method}"`))).toEqual([])
  })
})

it('info tells the number of threads that was set', async () => {
  const { threads } = nativeInfo()
  await setThreads(threads + 1)
  expect(nativeInfo().threads).toBe(threads + 1)
  await expect(setThreads(0)).rejects.toThrow()
  expect(nativeInfo().threads).toBe(threads + 1)
  // More than any machine could use to advantage might not be started at all.
  await setThreads(100_000)
  expect(nativeInfo().threads).toBe(Math.max(64, 8 * cpus().length))
  await setThreads(threads)
})
