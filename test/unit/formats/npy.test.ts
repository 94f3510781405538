import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { readNpy } from '../../../src/formats/npy.js'
import { temporaryFolder } from '../../support/folders.js'
import { int64Npy } from '../../support/npy.js'

function written(...values: number[]): string {
  const file = join(temporaryFolder(), 'labels.npy')
  writeFileSync(file, int64Npy(values))
  return file
}

it('reads 64-bit integers that fit into 32 bits, and refuses others', async () => {
  const ends = [-(2 ** 31), 0, 2 ** 31 - 1]
  expect((await readNpy(written(...ends))).data).toEqual(Int32Array.from(ends))
  for (const value of [2 ** 32, 2 ** 31, -(2 ** 31) - 1]) {
    const file = written(3, value)
    await expect(readNpy(file)).rejects.toThrow(`Expected integers of 32 bits for ${file} but received ${value}`)
  }
})
