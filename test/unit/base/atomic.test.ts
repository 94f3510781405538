import { execFileSync } from 'node:child_process'
import { lstatSync, mkdirSync, readdirSync, readFileSync, readlinkSync, symlinkSync, writeFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { writeAtomically } from '../../../src/base/atomic.js'
import { UserError } from '../../../src/base/errors.js'
import { temporaryFolder } from '../../support/folders.js'

let folder: string
const at = (name: string) => join(folder, name)
beforeEach(() => {
  folder = temporaryFolder()
})

describe('writeAtomically', () => {
  it('replaces a file, and leaves no other', async () => {
    writeFileSync(at('a'), 'old')
    await writeAtomically(at('a'), 'new')
    expect(readFileSync(at('a'), 'utf8')).toBe('new')
    expect(readdirSync(folder)).toEqual(['a'])
  })

  it('writes the file that a link leads to, which need not exist', async () => {
    writeFileSync(at('real'), 'old')
    symlinkSync('real', at('link'))
    symlinkSync('absent', at('dangling'))
    for (const name of ['link', 'dangling']) await writeAtomically(at(name), 'new')
    expect(['real', 'absent'].map((name) => readFileSync(at(name), 'utf8'))).toEqual(['new', 'new'])
    expect(['link', 'dangling'].map((name) => readlinkSync(at(name)))).toEqual(['real', 'absent'])
  })

  it('gives a pipe the bytes, and leaves it a pipe', async () => {
    execFileSync('mkfifo', [at('pipe')])
    const reader = readFile(at('pipe'), 'utf8')
    await writeAtomically(at('pipe'), [Buffer.from('one'), Buffer.from('two')])
    expect(await reader).toBe('onetwo')
    expect(lstatSync(at('pipe')).isFIFO()).toBe(true)
  })

  it('says in a sentence what it cannot write, and leaves nothing', async () => {
    mkdirSync(at('a'))
    await expect(writeAtomically(at('a'), 'x')).rejects.toThrow(
      new UserError(
        `Expected a place that can be written to for ${at('a')} but received EISDIR: a folder is in its place`,
      ),
    )
    // A temporary file would lie beside its target.
    expect(readdirSync(folder)).toEqual(['a'])
    expect(readdirSync(at('a'))).toEqual([])
  })
})
