import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { readTorchStateDict } from '../../../src/checkpoint/torch-zip.js'
import { UserError } from '../../../src/errors.js'
import { storedZip } from './stored-zip.js'

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

/** The pickle of {weight: a view of storage "0"}. */
function viewPickle(
  offset: number,
  shape: number[],
  strides: number[],
  storage = 'FloatStorage',
  elements = 4,
): string {
  const persistent = `${tuple(text('storage'), `ctorch\n${storage}\n`, text('0'), text('cpu'), byte(elements))}Q`
  const args = [persistent, byte(offset), tuple(...shape.map(byte)), tuple(...strides.map(byte)), '\x89']
  const hooks = 'ccollections\nOrderedDict\n)R'
  return `\x80\x02}${text('weight')}ctorch._utils\n_rebuild_tensor_v2\n${tuple(...args, hooks)}Rs.`
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
    const values = (name: string) => Array.from(state.get(name)?.data ?? [])
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

  it('refuses integer tensors by type and files of older formats', async () => {
    await expect(readTorchStateDict(fixture('state-dict-integer.pt'))).rejects.toThrow(
      /Expected floating-point tensors in .*state-dict-integer.pt but received torch.LongStorage/,
    )
    await expect(readTorchStateDict(fixture('state-dict-legacy.pt'))).rejects.toThrow(
      /Expected a zip archive written by torch.save for .*state-dict-legacy.pt but received/,
    )
    await expect(readTorchStateDict(join(dir, 'none.pt'))).rejects.toThrow(/none.pt but received ENOENT/)
  })

  it('reads a view made by hand', async () => {
    const state = await readMade(viewPickle(1, [3], [1]))
    expect(state.get('weight')).toEqual({ shape: [3], data: Float32Array.of(1, 2, 3) })
  })

  it.each([
    [
      'a call of a system function',
      `\x80\x02cposix\nsystem\n${tuple(text('true'))}R.`,
      'the pickle global posix.system',
    ],
    ['a global by protocol 4', '\x80\x04\x8c\x08builtins\x8c\x04eval\x93.', 'the pickle global builtins.eval'],
    ['a nested torch global', '\x80\x02ctorch.os\nStorage\n.', 'the pickle global torch.os.Storage'],
    ['object construction', '\x80\x02ccollections\nOrderedDict\n)\x81.', 'pickle opcode NEWOBJ at byte 28'],
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
      'a call of collections.OrderedDict with',
    ],
    ['a value that is no dictionary', '\x80\x02K\x01.', 'a pickle of something else'],
    ['a value that is no tensor', `\x80\x02}${text('epoch')}K\x01s.`, 'Expected a tensor for epoch in'],
    ['a view outside its storage', viewPickle(1, [4], [1]), 'a view within 4 elements for weight'],
    ['a stride outside its storage', viewPickle(0, [2, 2], [3, 1]), 'one that reaches element 4'],
    ['a huge view', viewPickle(0, [255, 255, 255, 255, 255], [0, 0, 0, 0, 0]), 'Expected at most 1073741824 elements'],
    ['a rank that differs', viewPickle(0, [2], [1, 1]), 'a call of torch._utils._rebuild_tensor_v2 with other'],
    ['a storage of another size', viewPickle(0, [2], [1], 'FloatStorage', 5), 'Expected 20 bytes for storage 0'],
    ['a storage of integers', viewPickle(0, [2], [1], 'LongStorage'), 'received torch.LongStorage'],
  ])('refuses %s', async (_, pickle, message) => {
    const error = await readMade(pickle).catch((caught: unknown) => caught)
    expect(error).toBeInstanceOf(UserError)
    expect((error as Error).message).toContain(message)
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
