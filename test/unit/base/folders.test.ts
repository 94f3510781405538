import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { isWritable } from '../../../src/base/folders.js'

test('a folder can be written to where it exists or can be made', () => {
  const folder = mkdtempSync(join(tmpdir(), 'folders-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const file = join(folder, 'file')
  writeFileSync(file, '')
  expect(isWritable(folder)).toBe(true)
  expect(isWritable(join(folder, 'new', 'newer'))).toBe(true)
  expect(isWritable(file)).toBe(false)
  expect(isWritable(join(file, 'new', 'newer'))).toBe(false)
})
