import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { makeFolder, makeNewFolder } from '../../../src/base/files.js'
import { machineSuffix } from '../../../src/base/folders.js'
import { temporaryFolder } from '../../support/folders.js'

it('of several that make a new folder, one does', async () => {
  const folder = join(temporaryFolder(), 'a', 'b')
  const made = await Promise.all(Array.from({ length: 8 }, () => makeNewFolder(folder)))
  expect(made.filter(Boolean)).toEqual([true])
})

describe('makeFolder', () => {
  it('makes what is missing, of several at once too', async () => {
    const folder = join(temporaryFolder(), 'a', 'b', 'c')
    await Promise.all(Array.from({ length: 8 }, () => makeFolder(folder)))
    expect(existsSync(folder)).toBe(true)
    await makeFolder(folder)
  })

  it('says that a file is in the way', async () => {
    const file = join(temporaryFolder(), 'file')
    writeFileSync(file, '')
    const message = (place: string) =>
      `Expected a place that can be written to for ${place} but received EEXIST: a file is where a folder should be`
    await expect(makeFolder(file)).rejects.toThrow(message(file))
    await expect(makeFolder(join(file, 'below'))).rejects.toThrow(message(join(file, 'below')))
  })

  it.skipIf(!existsSync('/proc/self'))('ends where no folder can be made, with its reason', async () => {
    // Node's own recursion tries forever there.
    await expect(makeFolder('/proc/pada/run')).rejects.toThrow(
      'Expected a place that can be written to for /proc/pada/run but received ENOENT: there is no such folder',
    )
  })
})

it('names of the cache tell kinds of machines apart, and are those of before for Linux on x64', () => {
  expect(machineSuffix('linux', 'x64')).toBe('')
  const others = [machineSuffix('linux', 'arm64'), machineSuffix('darwin', 'arm64'), machineSuffix('darwin', 'x64')]
  expect(others).toEqual(['-linux-arm64', '-darwin-arm64', '-darwin-x64'])
})
