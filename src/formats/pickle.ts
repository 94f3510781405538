/**
 * A pickle machine that builds numbers, strings, bytes, tuples, lists, sets and dictionaries only. Every global and
 * every call goes through the caller's {@link PickleHost}, which may answer with an {@link Opaque}: what the pickle puts
 * into such an object is dropped. Any other opcode is rejected. So a file cannot make it run code. Opcodes are those of
 * protocols 2 to 5, as Python's `pickletools` documents them.
 */
import { expected, type UserError } from '../base/errors.js'
import { Opaque, PickleGlobal, type PickleHost, type PickleLimits } from './pickle-host.js'
import { PickleMemo } from './pickle-memo.js'
import { PickleOperands } from './pickle-operands.js'
import { PickleReader } from './pickle-reader.js'
import { REFUSED_OPCODES } from './pickle-refused.js'

export { Opaque, PickleGlobal, type PickleHost, type PickleLimits } from './pickle-host.js'

/** Limits for a pickle of at most 32 MiB. */
const CHECKPOINT_LIMITS: PickleLimits = { containers: 2 ** 20, values: 2 ** 24, memo: 2 ** 22 }

const MARK = Symbol('mark')
/** Most globals with different names. */
const MAX_GLOBALS = 2 ** 12
/** Most characters of a global, module and name together. */
const MAX_NAME = 2 ** 12

/**
 * Runs a pickle and returns its value: null, booleans, numbers, bigints (integers of more than six bytes), strings,
 * Buffers (bytes, and Python 2's `str`), arrays (tuples, lists and sets), Maps (dictionaries), {@link PickleGlobal}s,
 * and values of the host.
 *
 * @param name Name of the file in messages.
 * @throws UserError for a truncated or malformed pickle, and for everything that is not supported.
 */
export function unpickle(bytes: Buffer, name: string, host: PickleHost): unknown {
  return unpickleAt(bytes, 0, name, host).value
}

/**
 * Runs the pickle that begins at byte `start`, and returns the offset of its end too, for files of several pickles in a
 * row.
 */
export function unpickleAt(
  bytes: Buffer,
  start: number,
  name: string,
  host: PickleHost,
): { readonly value: unknown; readonly end: number } {
  const reader = new PickleReader(bytes, start)
  return { value: unpickleFrom(reader, name, host), end: reader.position }
}

/** Runs the next pickle of `reader`. The reader then stands at the end of the pickle. */
export function unpickleFrom(reader: PickleReader, name: string, host: PickleHost): unknown {
  return new Machine(reader, name, host).run()
}

/** Text from a file, made safe for a message: cut to 80 characters, without line breaks and escapes of a terminal. */
export function brief(text: string): string {
  const [start, rest] = [text.slice(0, 80), text.length > 80 ? '…' : '']
  return start.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, '?') + rest
}

class Machine {
  readonly #stack: unknown[] = []
  readonly #memo = new PickleMemo()
  readonly #limits: PickleLimits
  readonly #operands: PickleOperands
  readonly #globals = new Map<string, Map<string, PickleGlobal>>()
  #globalCount = 0
  #containers = 0
  #values = 0

  constructor(
    private readonly reader: PickleReader,
    private readonly name: string,
    private readonly host: PickleHost,
  ) {
    this.#limits = host.limits ?? CHECKPOINT_LIMITS
    this.#operands = new PickleOperands(reader, (received) => this.#invalid(received))
  }

  run(): unknown {
    for (;;) {
      const at = this.reader.position
      const opcode = this.#operands.byte()
      if (String.fromCharCode(opcode) === '.') return this.#pop()
      if (!this.#step(opcode)) {
        const known = REFUSED_OPCODES[opcode]
        throw this.#invalid(`pickle opcode ${known ?? `0x${opcode.toString(16).padStart(2, '0')}`} at byte ${at}`)
      }
    }
  }

  /** Runs one opcode; false if it is not supported. */
  #step(opcode: number): boolean {
    switch (opcode) {
      case 0x80: // PROTO
        this.#operands.take(1)
        return true
      case 0x95: // FRAME: a hint for buffered readers
        this.#operands.take(8)
        return true
      case 0x28: // MARK
        return this.#push(MARK)
      case 0x4e: // NONE
        return this.#push(null)
      case 0x88: // NEWTRUE
        return this.#push(true)
      case 0x89: // NEWFALSE
        return this.#push(false)
      case 0x4b: // BININT1
        return this.#push(this.#operands.byte())
      case 0x4d: // BININT2
        return this.#push(this.#operands.uint16())
      case 0x4a: // BININT
        return this.#push(this.#operands.uint32() | 0)
      case 0x8a: // LONG1
        return this.#push(this.#operands.long(this.#operands.byte()))
      case 0x8b: // LONG4
        return this.#push(this.#operands.long(this.#operands.uint32()))
      case 0x47: // BINFLOAT
        return this.#push(this.#operands.double())
      case 0x58: // BINUNICODE
        return this.#push(this.#operands.text(this.#operands.uint32()))
      case 0x8c: // SHORT_BINUNICODE
        return this.#push(this.#operands.text(this.#operands.byte()))
      case 0x8d: // BINUNICODE8
        return this.#push(this.#operands.text(this.#operands.long8()))
      case 0x55: // SHORT_BINSTRING: Python 2's str
      case 0x43: // SHORT_BINBYTES
        return this.#push(this.#operands.take(this.#operands.byte()))
      case 0x54: // BINSTRING
      case 0x42: // BINBYTES
        return this.#push(this.#operands.take(this.#operands.uint32()))
      case 0x8e: // BINBYTES8
      case 0x96: // BYTEARRAY8
        return this.#push(this.#operands.take(this.#operands.long8()))
      case 0x29: // EMPTY_TUPLE
      case 0x5d: // EMPTY_LIST
      case 0x8f: // EMPTY_SET
        return this.#container([])
      case 0x85: // TUPLE1
      case 0x86: // TUPLE2
      case 0x87: // TUPLE3
        return this.#container(this.#popMany(opcode - 0x84))
      case 0x74: // TUPLE
      case 0x91: // FROZENSET
        return this.#container(this.#popToMark())
      case 0x7d: // EMPTY_DICT
        return this.#container(new Map())
      case 0x61: // APPEND
        return this.#append(this.#popMany(1))
      case 0x65: // APPENDS
      case 0x90: // ADDITEMS
        return this.#append(this.#popToMark())
      case 0x73: // SETITEM
        return this.#set(this.#popMany(2))
      case 0x75: // SETITEMS
        return this.#set(this.#popToMark())
      case 0x63: // GLOBAL
        return this.#global(this.#operands.line(), this.#operands.line())
      case 0x93: {
        // STACK_GLOBAL
        const [module, name] = this.#popMany(2)
        // `String` of nested lists could make a text that exceeds all memory.
        if (typeof module === 'string' && typeof name === 'string') return this.#global(module, name)
        throw this.#invalid('a pickle global whose name is no text')
      }
      case 0x52: // REDUCE
      case 0x81: // NEWOBJ
        return this.#reduce(this.#popMany(2))
      case 0x92: // NEWOBJ_EX: its third value, arguments by name, is dropped; no host's calls have any
        return this.#reduce(this.#popMany(3))
      case 0x62: // BUILD
        return this.#build()
      case 0x30: // POP, which takes a mark too
        if (this.#stack.at(-1) === MARK) this.#stack.pop()
        else this.#pop()
        return true
      case 0x31: // POP_MARK
        this.#popToMark()
        return true
      case 0x32: // DUP
        return this.#push(this.#top())
      case 0x51: // BINPERSID
        return this.#push(this.host.persistent(this.#pop()))
      case 0x71: // BINPUT
        return this.#remember(this.#operands.byte())
      case 0x72: // LONG_BINPUT
        return this.#remember(this.#operands.uint32())
      case 0x94: // MEMOIZE
        return this.#remember(this.#memo.size)
      case 0x68: // BINGET
        return this.#recall(this.#operands.byte())
      case 0x6a: // LONG_BINGET
        return this.#recall(this.#operands.uint32())
      default:
        return false
    }
  }

  #push(value: unknown): true {
    if (this.#stack.push(value) > this.#limits.values) throw this.#tooMany('values', this.#limits.values)
    return true
  }

  /** Pushes a value that allocates memory. */
  #container(value: unknown): true {
    if (++this.#containers > this.#limits.containers) {
      throw this.#tooMany('lists and dictionaries', this.#limits.containers)
    }
    return this.#push(value)
  }

  #top(): unknown {
    if (this.#stack.length === 0) throw this.#invalid('a pickle that takes from an empty stack')
    const value = this.#stack[this.#stack.length - 1]
    if (value === MARK) throw this.#invalid('a pickle that takes a mark for a value')
    return value
  }

  #pop(): unknown {
    const value = this.#top()
    this.#stack.pop()
    return value
  }

  #popMany(count: number): unknown[] {
    return Array.from({ length: count }, () => this.#pop()).reverse()
  }

  #popToMark(): unknown[] {
    const mark = this.#stack.lastIndexOf(MARK)
    if (mark < 0) throw this.#invalid('a pickle that misses a mark')
    return this.#stack.splice(mark).slice(1)
  }

  #append(values: unknown[]): true {
    const list = this.#top()
    if (list instanceof Opaque) return true
    if (!Array.isArray(list)) throw this.#invalid('a pickle that appends to something other than a list')
    this.#count(values.length)
    for (const value of values) list.push(value)
    return true
  }

  #set(keysAndValues: unknown[]): true {
    const map = this.#top()
    if (map instanceof Opaque) return true
    if (!(map instanceof Map) || keysAndValues.length % 2 !== 0) {
      throw this.#invalid('a pickle that sets items of something other than a dictionary')
    }
    this.#count(keysAndValues.length)
    for (let i = 0; i < keysAndValues.length; i += 2) map.set(keysAndValues[i], keysAndValues[i + 1])
    if (this.host.filled !== undefined) this.#values -= this.host.filled(map)
    return true
  }

  /** Counts values that are added to containers. */
  #count(values: number): void {
    this.#values += values
    if (this.#values > this.#limits.values) throw this.#tooMany('values', this.#limits.values)
  }

  /** One object per global, however often the pickle names it: two remembered texts could make many long names. */
  #global(module: string, name: string): true {
    const known = this.#globals.get(module) ?? new Map<string, PickleGlobal>()
    const global = known.get(name) ?? this.#newGlobal(`${module}.${name}`)
    this.#globals.set(module, known.set(name, global))
    return this.#push(global)
  }

  #newGlobal(global: string): PickleGlobal {
    if (global.length > MAX_NAME || !this.host.allows(global)) {
      throw this.#invalid(`the pickle global ${brief(global)}`)
    }
    if (++this.#globalCount > MAX_GLOBALS) throw this.#tooMany('globals', MAX_GLOBALS)
    return new PickleGlobal(global)
  }

  #reduce([callable, args]: unknown[]): true {
    if (!Array.isArray(args)) throw this.#invalid('a pickle that calls without arguments')
    // An object that was not built may be a function, or have one.
    if (callable instanceof Opaque) return this.#container(callable)
    if (!(callable instanceof PickleGlobal)) throw this.#invalid('a pickle that calls something other than a global')
    return this.#container(this.host.call(callable.name, args))
  }

  #build(): true {
    const state = this.#pop()
    const object = this.#top()
    if (!(object instanceof Opaque) && !this.host.setState(object, state)) {
      throw this.#invalid('a pickle that sets the state of an object')
    }
    return true
  }

  #remember(slot: number): true {
    if (slot >= this.#limits.memo) throw this.#tooMany('remembered values', this.#limits.memo)
    this.#memo.set(slot, this.#top())
    return true
  }

  #recall(slot: number): true {
    if (!this.#memo.has(slot)) throw this.#invalid(`a pickle that recalls the empty memo slot ${slot}`)
    return this.#push(this.#memo.get(slot))
  }

  #tooMany(kind: string, limit: number): UserError {
    return this.#invalid(`a pickle of more than ${limit} ${kind}`)
  }

  #invalid(received: string): UserError {
    return expected(this.host.expected, this.name, received)
  }
}
