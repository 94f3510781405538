import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { readSafetensors, type Tensor, writeSafetensors } from '../../../src/formats/safetensors.js'

let dir: string
let file: string
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'pada-safetensors-'))
  file = join(dir, 'made.safetensors')
})
afterEach(() => rmSync(dir, { recursive: true }))

/** Writes a file with a header of the test's making. */
function write(header: unknown, body: Uint8Array = new Uint8Array()) {
  const json = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header))
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(BigInt(json.length))
  writeFileSync(file, Buffer.concat([length, json, body]))
}

const tensors: [string, Tensor][] = [
  ['7', { shape: [3], data: Uint8Array.of(1, 2, 255) }],
  ['weight', { shape: [2, 2], data: Float32Array.of(1.5, -2, Math.fround(0.1), Number.NaN) }],
  ['__proto__', { shape: [1], data: Int32Array.of(-(2 ** 31)) }],
  ['moments', { shape: [1, 2], data: Float64Array.of(Math.PI, 1e300) }],
  ['none', { shape: [0, 3], data: new Float32Array() }],
]

describe('writeSafetensors', () => {
  it('writes what a parser of the format finds at the recorded bytes', async () => {
    await writeSafetensors(file, tensors, { step: '12' })
    const bytes = readFileSync(file)
    const length = Number(bytes.readBigUInt64LE())
    expect((8 + length) % 8).toBe(0)
    const header = JSON.parse(bytes.toString('utf8', 8, 8 + length))
    expect(header.__metadata__).toEqual({ step: '12' })
    const [begin, end] = header.moments.data_offsets
    expect(header.moments).toMatchObject({ dtype: 'F64', shape: [1, 2] })
    expect(end - begin).toBe(16)
    expect(bytes.readDoubleLE(8 + length + begin)).toBe(Math.PI)
    expect(bytes.readFloatLE(8 + length + header.weight.data_offsets[0] + 4)).toBe(-2)
    expect(header['7']).toMatchObject({ dtype: 'U8', shape: [3] })
    expect(bytes.length).toBe(8 + length + 16 + 16 + 4 + 3)
  })

  it('is read back as it was, whatever the names', async () => {
    await writeSafetensors(file, tensors, { step: '12' })
    const read = await readSafetensors(file)
    expect(read.metadata).toEqual(new Map([['step', '12']]))
    expect(new Map(read.tensors)).toEqual(new Map(tensors))
  })

  it('writes a part of a larger buffer', async () => {
    const data = new Float32Array(Float32Array.of(0, 1, 2, 3).buffer, 4, 2)
    await writeSafetensors(file, [['part', { shape: [2], data }]])
    expect((await readSafetensors(file)).tensors.get('part')?.data).toEqual(Float32Array.of(1, 2))
  })

  it('writes a Buffer as the bytes that it is, and refuses arrays that the format has no type for', async () => {
    await writeSafetensors(file, [['bytes', { shape: [3], data: Buffer.from([1, 2, 255]) }]])
    expect((await readSafetensors(file)).tensors.get('bytes')?.data).toEqual(Uint8Array.of(1, 2, 255))
    const clamped = new Uint8ClampedArray(1) as unknown as Uint8Array
    await expect(writeSafetensors(file, [['x', { shape: [1], data: clamped }]])).rejects.toThrow(
      `Expected a type of safetensors for x in ${file} but received Uint8ClampedArray`,
    )
  })

  it('leaves the old file and nothing else when it cannot write', async () => {
    await writeSafetensors(file, tensors)
    const before = readFileSync(file)
    await expect(writeSafetensors(file, [['x', { shape: [2], data: new Float32Array(3) }]])).rejects.toThrow(
      'Expected 2 elements for tensor x but received 3',
    )
    const nowhere = join(dir, 'missing', 'x.safetensors')
    await expect(writeSafetensors(nowhere, tensors)).rejects.toThrow(
      `Expected a place that can be written to for ${nowhere} but received ENOENT: there is no such folder`,
    )
    expect(readFileSync(file)).toEqual(before)
    expect(readdirSync(dir)).toEqual(['made.safetensors'])
  })
})

describe('readSafetensors', () => {
  it('reads a file of the reference implementation', async () => {
    const path = new URL('../../fixtures/tensors.safetensors', import.meta.url).pathname
    const { tensors: read, metadata } = await readSafetensors(path)
    expect(metadata).toEqual(new Map([['made-by', 'safetensors']]))
    expect(Object.fromEntries(read)).toEqual({
      f32: { shape: [2, 2], data: Float32Array.of(1.5, -2, 0.1, 3e38) },
      f64: { shape: [1], data: Float64Array.of(0.1) },
      f16: { shape: [2], data: Float32Array.of(1.5, -65504) },
      bf16: { shape: [2], data: Float32Array.of(1.5, -3.00405527047391e38) },
      i64: { shape: [1], data: BigInt64Array.of(-(2n ** 53n) - 1n) },
      u8: { shape: [2], data: Uint8Array.of(0, 255) },
      bool: { shape: [2], data: Uint8Array.of(1, 0) },
      scalar: { shape: [], data: Int32Array.of(2) },
    })
  })

  const four = new Uint8Array(4)
  const entry = (begin: number, end: number, shape: unknown = [1], dtype = 'F32') => ({
    dtype,
    shape,
    data_offsets: [begin, end],
  })
  it.each([
    ['text', 'hello', four, 'Expected a JSON header in safetensors file'],
    ['a list', [], four, 'Expected a JSON object as header'],
    ['an unknown dtype', { x: entry(0, 4, [1], 'F8') }, four, /Expected a dtype among F64, .* for tensor x in .*"F8"/],
    ['a negative extent', { x: entry(0, 4, [-1]) }, four, 'Expected a shape and two offsets for tensor x'],
    ['a missing shape', { x: { dtype: 'F32', data_offsets: [0, 4] } }, four, 'a shape and two offsets for tensor x'],
    ['a size unlike the shape', { x: entry(0, 4, [2]) }, four, /Expected 8 bytes for tensor x .* but received 4/],
    ['data beyond the end', { x: entry(0, 8, [2]) }, four, /for tensor x in .* but received bytes 0 to 8 of 4/],
    ['a gap', { x: entry(4, 8) }, new Uint8Array(8), 'Expected data that begins at byte 0 for tensor x'],
    ['an overlap', { x: entry(0, 4), y: entry(0, 4) }, four, 'Expected data that begins at byte 4 for tensor y'],
    ['bytes left over', { x: entry(0, 4) }, new Uint8Array(5), /Expected 4 bytes of data .* but received 5 bytes/],
  ])('refuses %s', async (_, header, body, message) => {
    write(header, body)
    await expect(readSafetensors(file)).rejects.toThrow(message)
  })

  it('refuses missing and truncated files', async () => {
    await expect(readSafetensors(file)).rejects.toThrow(`for ${file} but received no such file`)
    await expect(readSafetensors(dir)).rejects.toThrow(
      `Expected a readable safetensors file for ${dir} but received a folder`,
    )
    writeFileSync(file, '')
    await expect(readSafetensors(file)).rejects.toThrow('an empty file: download it again')
    writeFileSync(file, 'short')
    await expect(readSafetensors(file)).rejects.toThrow('Expected at least 8 bytes')
    writeFileSync(file, Buffer.alloc(16, 0xff))
    await expect(readSafetensors(file)).rejects.toThrow('Expected a header within 16 bytes')
  })
})
