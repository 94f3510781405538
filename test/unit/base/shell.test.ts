import { execFileSync } from 'node:child_process'
import { expect, it } from 'vitest'
import { shellCommand } from '../../../src/base/shell.js'

it('writes words so that a shell reads them', () => {
  expect(shellCommand('npx', '--set', 'a.b=1,2')).toBe('npx --set a.b=1,2')
  const words = ['a b/ü', "it's", '$HOME', '', '*']
  const read = execFileSync('sh', ['-c', `printf '%s\\n' ${shellCommand(...words)}`], { encoding: 'utf8' })
  expect(read).toBe(words.map((word) => `${word}\n`).join(''))
})
