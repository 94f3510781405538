import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { UserError } from '../../../src/base/errors.js'
import { readTorchFile, readTorchStateDict } from '../../../src/formats/torch.js'
import { storedZip } from '../../support/stored-zip.js'

const fixture = (name: string) => new URL(`../../fixtures/${name}`, import.meta.url).pathname

let dir: string
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'pada-torch-'))
})
afterEach(() => rmSync(dir, { recursive: true }))

/** Reads an archive made of a pickle and one storage "0" of four floats, 0 to 3. */
function readMade(pickle: string | Buffer, others: Record<string, Uint8Array | string> = {}) {
  const file = join(dir, 'made.pt')
  const data = Buffer.from(Float32Array.of(0, 1, 2, 3).buffer)
  writeFileSync(
    file,
    storedZip({ 'made/data.pkl': Buffer.from(pickle as string, 'latin1'), 'made/data/0': data, ...others }),
  )
  return readTorchStateDict(file)
}

const byte = (value: number) => `K${String.fromCharCode(value)}`
const text = (value: string) => `X${String.fromCharCode(value.length)}\0\0\0${value}`
const tuple = (...items: string[]) => `(${items.join('')}t`

/** A view of storage "0". */
function view(offset: number, shape: number[], strides: number[], storage = 'FloatStorage', elements = 4): string {
  const persistent = `${tuple(text('storage'), `ctorch\n${storage}\n`, text('0'), text('cpu'), byte(elements))}Q`
  const args = [persistent, byte(offset), tuple(...shape.map(byte)), tuple(...strides.map(byte)), '\x89']
  const hooks = 'ccollections\nOrderedDict\n)R'
  return `ctorch._utils\n_rebuild_tensor_v2\n${tuple(...args, hooks)}R`
}

/** The pickle of {weight: a view of storage "0"}. */
function viewPickle(...about: Parameters<typeof view>): string {
  return `\x80\x02}${text('weight')}${view(...about)}s.`
}

describe('readTorchStateDict', () => {
  it('reads the state dict of a module in order', async () => {
    const state = await readTorchStateDict(fixture('state-dict.pt'))
    expect([...state].map(([name, { shape }]) => [name, shape])).toEqual([
      ['0.weight', [3, 2, 1, 1]],
      ['0.bias', [3]],
      ['1.weight', [2, 2]],
    ])
    // The first number that PyTorch draws for this layer after torch.manual_seed(0).
    expect(state.get('0.weight')?.data[0]).toBeCloseTo(-0.00529, 5)
  })

  it('makes views contiguous and widens other floating-point types', async () => {
    const state = await readTorchStateDict(fixture('state-dict-views.pt'))
    const values = (name: string) => [...state.get(name)!.data].map(Number)
    expect(state.get('transposed')?.shape).toEqual([4, 3])
    expect(values('transposed')).toEqual([0, 4, 8, 1, 5, 9, 2, 6, 10, 3, 7, 11])
    expect(values('column')).toEqual([1, 5, 9])
    expect(values('window')).toEqual([6, 7, 10, 11])
    expect(values('double')).toEqual([Math.fround(0.1), -2.5])
    expect(values('half')).toEqual([1.5, -(2 ** -10), 2 ** -24, 65504, Number.POSITIVE_INFINITY])
    expect(values('bfloat16').map((value) => value.toPrecision(2))).toEqual(['1.5', '-3.0e+38', '9.2e-41'])
    expect(values('parameter')).toEqual([7])
    expect(state.get('scalar')).toEqual({ shape: [], data: Float32Array.of(3.25) })
    expect(state.get('empty')).toEqual({ shape: [0, 5], data: new Float32Array() })
  })

  it('reads the old format, views and all types alike', async () => {
    const [old, now] = [fixture('state-dict-legacy.pt'), fixture('state-dict-views.pt')]
    expect(await readTorchStateDict(old)).toEqual(await readTorchStateDict(now))
  })

  it.each(['checkpoint-nested.pt', 'checkpoint-legacy.pt'])('finds the state dict within %s', async (name) => {
    const state = await readTorchStateDict(fixture(name))
    expect([...state.keys()]).toEqual([
      '0.weight',
      '1.weight',
      '2.weight',
      '2.bias',
      '2.running_mean',
      '2.running_var',
      '2.num_batches_tracked',
    ])
    // Two names of one storage.
    expect(state.get('1.weight')).toEqual(state.get('0.weight'))
    expect(state.get('0.weight')?.data).not.toEqual(new Float32Array(4))
    expect(state.get('2.bias')?.data).toEqual(Float32Array.of(-0.4, -0.4))
    expect(state.get('2.num_batches_tracked')).toEqual({ shape: [], data: BigInt64Array.of(8n) })
  })

  it('reads the first usual state dict of several, or the one of a key, and names the others', async () => {
    const file = fixture('checkpoint-ema.pt')
    for (const [key, weight, otherKeys] of [
      [undefined, 1, ['state_dict_ema', 'ema.model']],
      ['state_dict', 1, ['state_dict_ema', 'ema.model']],
      ['state_dict_ema', 2, ['state_dict', 'ema.model']],
      ['ema.model', 3, ['state_dict_ema', 'state_dict']],
    ] as const) {
      const tensors = new Map([['w', { shape: [1], data: Float32Array.of(weight) }]])
      const prefix = key === 'ema.model' ? { prefix: 'module.' } : {}
      expect(await readTorchFile(file, { key })).toEqual({ tensors, key: key ?? 'state_dict', otherKeys, ...prefix })
      expect(await readTorchStateDict(file, { key })).toEqual(tensors)
    }
    await expect(readTorchStateDict(file, { key: 'model_ema' })).rejects.toMatchObject({
      message: `Expected state_dict_ema or state_dict or ema.model for --key of ${file} but received model_ema`,
      exitCode: 2,
    })
    await expect(readTorchStateDict(fixture('state-dict.pt'), { key: 'model' })).rejects.toThrow(
      'Expected no key, because there is one state dict only, for --key of',
    )
  })

  it('leaves integers as they are', async () => {
    expect(Object.fromEntries(await readTorchStateDict(fixture('state-dict-integers.pt')))).toEqual({
      i64: { shape: [2], data: BigInt64Array.of(-(2n ** 53n) - 1n, 5n) },
      i32: { shape: [2, 1], data: Int32Array.of(1, -2) },
      i16: { shape: [1], data: Int16Array.of(-300) },
      i8: { shape: [1], data: Int8Array.of(-3) },
      u8: { shape: [2], data: Uint8Array.of(0, 255) },
      bool: { shape: [2], data: Uint8Array.of(1, 0) },
    })
  })

  it.each(['', '-legacy'])('passes over objects beside the weights%s', async (format) => {
    const { tensors, key } = await readTorchFile(fixture(`checkpoint-objects${format}.pt`))
    expect(key).toBe('state_dict')
    expect(Object.fromEntries(tensors)).toEqual({
      w: { shape: [4], data: Float32Array.of(1, 2, 3, 4) },
      p: { shape: [1], data: Float32Array.of(5) },
    })
  })

  it('names an object in the place of a tensor, and of the whole checkpoint', async () => {
    const inner = viewPickle(0, [4], [1]).slice(2, -1)
    const call = `${text('other')}ctorch._utils\n_rebuild_sparse_tensor\n)Rs`
    await expect(readMade(`\x80\x02${inner}${call}.`)).rejects.toThrow(
      /Expected a tensor for other in .* but received an object of torch._utils._rebuild_sparse_tensor/,
    )
    await expect(readTorchStateDict(fixture('checkpoint-module.pt'))).rejects.toThrow(
      'but received an object of torch.nn.modules.linear.Linear, which is not run: save its state_dict() instead',
    )
  })

  it('takes off the prefixes of wrappers, and the count of averages', async () => {
    const { tensors, prefix } = await readTorchFile(fixture('checkpoint-averaged.pt'))
    expect(prefix).toBe('module.module.')
    expect(Object.fromEntries(tensors)).toEqual({
      weight: { shape: [1, 2], data: Float32Array.of(7, 7) },
      bias: { shape: [1], data: Float32Array.of(7) },
    })
  })

  it('takes off a given prefix, and leaves tensors of other names', async () => {
    const inner = viewPickle(0, [4], [1]).slice(2, -1)
    const named = (name: string) => inner.slice(1).replace(text('weight'), text(name))
    const pickle = `\x80\x02}${named('net.weight')}${named('teacher.weight')}.`
    const file = join(dir, 'made.pt')
    expect([...(await readMade(pickle)).keys()]).toEqual(['net.weight', 'teacher.weight'])
    expect([...(await readTorchStateDict(file, { prefix: 'net.' })).keys()]).toEqual(['weight'])
    await expect(readTorchStateDict(file, { prefix: 'model.' })).rejects.toMatchObject({
      message: `Expected the prefixes net. (1 of 2 names), teacher. (1 of 2 names) for --prefix of ${file} but received model.`,
      exitCode: 2,
    })
  })

  it('reads archives that were packed again, and names other files', async () => {
    const plain = await readTorchStateDict(fixture('state-dict.pt'))
    expect(await readTorchStateDict(fixture('state-dict-deflated.pt'))).toEqual(plain)
    const put = (content: string | Buffer) => {
      writeFileSync(join(dir, 'put.pt'), content)
      return readTorchStateDict(join(dir, 'put.pt'))
    }
    await expect(put('\n<!DOCTYPE html><html>')).rejects.toThrow('but received a web page')
    await expect(put('version https://git-lfs.github.com/spec/v1\n')).rejects.toThrow('received a Git LFS pointer')
    await expect(put('')).rejects.toThrow('but received an empty file')
    await expect(put(storedZip({ 'a/data.pkl': '', 'a/constants.pkl': '' }))).rejects.toThrow('a TorchScript program')
    truncateSync(join(dir, 'put.pt'), 2 ** 31)
    await expect(readTorchStateDict(join(dir, 'put.pt'))).rejects.toThrow(
      /Expected at most 2048 MiB for .*put.pt but received 2048 MiB: save the state dict alone/,
    )
  })

  it('takes off the prefix only where every name has it', async () => {
    const view = viewPickle(0, [4], [1])
    const two = view.replace(text('weight'), `${text('module.weight')}K\0s${text('other')}`)
    await expect(readMade(two)).rejects.toThrow('Expected a tensor for module.weight')
    const one = await readMade(view.replace(text('weight'), text('module.weight')))
    expect([...one.keys()]).toEqual(['weight'])
    const inner = view.slice(2, -1)
    const both = inner.replace(text('weight'), text('module.weight'))
    const all = `\x80\x02${inner}${both.slice(1)}.`
    expect([...(await readMade(all)).keys()]).toEqual(['weight', 'module.weight'])
  })

  it('refuses a missing file and one of another format', async () => {
    await expect(readTorchStateDict(join(dir, 'none.pt'))).rejects.toThrow(/none.pt but received no such file$/)
    const file = join(dir, 'text.pt')
    writeFileSync(file, 'no checkpoint')
    await expect(readTorchStateDict(file)).rejects.toThrow(/Expected a zip archive written by torch.save for .*text.pt/)
  })

  it('refuses old files that are cut, lengthened, or disagree with themselves', async () => {
    const bytes = readFileSync(fixture('state-dict-legacy.pt'))
    const file = join(dir, 'legacy.pt')
    const read = (changed: Buffer) => {
      writeFileSync(file, changed)
      return readTorchStateDict(file)
    }
    for (let end = 20; end < bytes.length; end += 7) {
      await expect(read(bytes.subarray(0, end))).rejects.toThrow(UserError)
    }
    // The count in front of the storage that has twelve elements.
    const other = Buffer.from(bytes)
    other[other.indexOf(Buffer.from([12, 0, 0, 0, 0, 0, 0, 0]))] = 9
    await expect(read(other)).rejects.toThrow('Expected 12 elements in a storage')
    const big = Buffer.from(bytes)
    const at = big.indexOf('little_endian') + 'little_endian'.length
    big[big.indexOf(0x88, at)] = 0x89
    await expect(read(big)).rejects.toThrow('Expected little-endian data')
  })

  it('reads a view made by hand', async () => {
    const state = await readMade(viewPickle(1, [3], [1]))
    expect(state.get('weight')).toEqual({ shape: [3], data: Float32Array.of(1, 2, 3) })
  })

  it('reads an OrderedDict of Python 2, which is called with a list of keys and values', async () => {
    const key = 'U\x06weight'
    const pairs = (...items: string[]) => `](${items.map((item) => `](${item}e`).join('')}e`
    const called = (items: string) => `ccollections\nOrderedDict\n${tuple(items)}R`
    const state = await readMade(`\x80\x02${called(pairs(key + view(1, [3], [1]), text('bias') + view(0, [1], [1])))}.`)
    expect([...state.keys()]).toEqual(['weight', 'bias'])
    expect(state.get('weight')).toEqual({ shape: [3], data: Float32Array.of(1, 2, 3) })
    for (const other of [pairs(key), pairs(key + key + key), `](${key}e`]) {
      await expect(readMade(`\x80\x02${called(other)}.`)).rejects.toThrow('an object of collections.OrderedDict')
    }
  })

  it.each([
    [
      'a call of a system function',
      `\x80\x02cposix\nsystem\n${tuple(text('true'))}R.`,
      'an object of posix.system, which is not run',
    ],
    ['a global by protocol 4', '\x80\x04\x8c\x08builtins\x8c\x04eval\x93.', 'an object of builtins.eval'],
    ['a nested torch global', '\x80\x02ctorch.os\nStorage\n.', 'an object of torch.os.Storage'],
    ['object construction', '\x80\x02cposix\nPath\n)\x81.', 'an object of posix.Path'],
    ['an empty dictionary', '\x80\x02ccollections\nOrderedDict\n)R.', 'made.pt but received an empty dictionary'],
    ['a call without arguments', '\x80\x02cposix\nsystem\nNR.', 'calls without arguments'],
    [
      'globals without end',
      `\x80\x02${Array.from({ length: 2 ** 12 + 1 }, (_, i) => `ca\n${i}\n`).join('')}.`,
      'more than 4096 globals',
    ],
    ['a long integer', '\x80\x02\x8b\x01\x10\0\0.', 'an integer of 4097 bytes'],
    ['the INST opcode', '\x80\x02(iposix\nsystem\n.', 'pickle opcode INST at byte 3'],
    ['an unknown opcode', '\x80\x02\xff.', 'pickle opcode 0xff at byte 2'],
    ['a truncated pickle', '\x80\x02X\x10\0\0\0abc', 'a truncated pickle'],
    ['an empty pickle', '', 'a truncated pickle'],
    ['an empty stack', '\x80\x02R.', 'takes from an empty stack'],
    ['a missing mark', '\x80\x02t.', 'misses a mark'],
    ['an empty memo slot', '\x80\x02h\x07.', 'recalls the empty memo slot 7'],
    ['a call of a value', '\x80\x02K\x01)R.', 'calls something other than a global'],
    [
      'arguments for OrderedDict',
      '\x80\x02ccollections\nOrderedDict\n(K\x01tR.',
      'an object of collections.OrderedDict',
    ],
    ['a value that is no dictionary', '\x80\x02K\x01.', 'received a number'],
    [
      'a value that is no tensor',
      `\x80\x02}${text('epoch')}K\x01s.`,
      'made.pt but received no tensor, only epoch (a number)',
    ],
    ['a view outside its storage', viewPickle(1, [4], [1]), 'a view within 4 elements for weight'],
    ['a stride outside its storage', viewPickle(0, [2, 2], [3, 1]), 'one that reaches element 4'],
    ['a huge view', viewPickle(0, [255, 255, 255, 255, 255], [0, 0, 0, 0, 0]), /Expected at most \d+ elements in/],
    ['a rank that differs', viewPickle(0, [2], [1, 1]), 'a call of torch._utils._rebuild_tensor_v2 with other'],
    ['a storage of another size', viewPickle(0, [2], [1], 'FloatStorage', 5), 'Expected 20 bytes for storage 0'],
    [
      'a storage of complex numbers',
      viewPickle(0, [2], [1], 'ComplexFloatStorage'),
      'but received torch.ComplexFloatStorage',
    ],
    ['a global whose name is a list', '\x80\x04]]\x93.', 'a pickle global whose name is no text'],
    ['a long name', `\x80\x02c${'x'.repeat(5000)}\ny\n.`, `the pickle global ${'x'.repeat(80)}…`],
    ['lists without end', `\x80\x02${')'.repeat(2 ** 20 + 1)}.`, 'more than 1048576 lists'],
    [
      'a storage that is part of another',
      `\x80\x02${tuple(text('storage'), 'ctorch\nFloatStorage\n', text('0'), text('cpu'), byte(4), byte(1))}Q.`,
      'part of another',
    ],
  ])('refuses %s', async (_, pickle, message) => {
    const error = await readMade(pickle).catch((caught: unknown) => caught)
    expect(error).toBeInstanceOf(UserError)
    expect((error as Error).message).toMatch(message)
  })

  it('refuses big-endian data, two pickles, missing and corrupt entries', async () => {
    const pickle = viewPickle(0, [4], [1])
    await expect(readMade(pickle, { 'made/byteorder': 'big' })).rejects.toThrow('Expected little-endian data')
    await expect(readMade(pickle, { 'other/data.pkl': pickle })).rejects.toThrow(/Expected one data.pkl .* received 2/)
    const bytes = readFileSync(fixture('state-dict.pt'))
    const file = join(dir, 'damaged.pt')
    bytes[bytes.indexOf('data/0') + 200] ^= 1
    writeFileSync(file, bytes.subarray(0, bytes.length - 30))
    await expect(readTorchStateDict(file)).rejects.toThrow(/zip archive .*damaged.pt but received/)
    const made = storedZip({
      'a/data.pkl': Buffer.from(pickle, 'latin1'),
      'a/data/0': Buffer.from(Float32Array.of(0, 1, 2, 3).buffer),
    })
    made[made.indexOf('a/data/0') + 'a/data/0'.length] ^= 1
    writeFileSync(file, made)
    await expect(readTorchStateDict(file)).rejects.toThrow('Expected the recorded checksum for entry a/data/0')
  })

  it('refuses storages that share the bytes of one entry', async () => {
    const names = Array.from({ length: 40 }, (_, i) => `t${i}`)
    const storage = (i: number) =>
      `${tuple(text('storage'), 'ctorch\nByteStorage\n', text(String(i)), text('cpu'), 'J\x00\x10\0\0')}Q`
    const tensor = (i: number) =>
      `ctorch._utils\n_rebuild_tensor_v2\n${tuple(storage(i), byte(0), tuple(byte(1)), tuple(byte(1)), '\x89', 'N')}R`
    const pickle = `\x80\x02}${names.map((name, i) => `${text(name)}${tensor(i)}s`).join('')}.`
    const entries = Object.fromEntries(names.map((_, i) => [`a/data/${i}`, new Uint8Array(i === 0 ? 4096 : 0)]))
    const bytes = storedZip({ 'a/data.pkl': Buffer.from(pickle, 'latin1'), ...entries })
    // All entries of the directory become the first storage's.
    const first = bytes.lastIndexOf('a/data/0')
    let at = first
    for (let i = 1; i < names.length; i++) {
      at = bytes.indexOf(`a/data/${i}`, at)
      bytes.copy(bytes, at - 30, first - 30, first - 18)
      bytes.copy(bytes, at - 4, first - 4, first)
    }
    const file = join(dir, 'overlap.pt')
    writeFileSync(file, bytes)
    await expect(readTorchStateDict(file)).rejects.toThrow('but received entries that overlap')
  })

  it('refuses an archive that claims an offset no file can have', async () => {
    const made = storedZip({ 'a/data.pkl': '' })
    const locator = Buffer.alloc(20)
    locator.write('PK\x06\x07', 'latin1')
    locator.writeBigUInt64LE(2n ** 60n, 8)
    const file = join(dir, 'far.pt')
    writeFileSync(file, Buffer.concat([made.subarray(0, -22), locator, made.subarray(-22)]))
    await expect(readTorchStateDict(file)).rejects.toThrow(/zip archive .*far.pt but received "bytes 11529215046068/)
  })
})
