/** What pages show of scripts is part of an example, which runs with the tests, or of a file that `typecheck` compiles. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { blocksOf, pages, root } from '../support/pages.js'

const scripts = ['examples', 'test/types'].flatMap((folder) =>
  readdirSync(join(root, folder)).map((file) => readFileSync(join(root, folder, file), 'utf8')),
)

const shown = pages
  .flatMap(blocksOf)
  .filter(({ language }) => language === 'ts')
  .map(({ page, line, code }) => [`${page}:${line}`, code])

it('pages show scripts', () => expect(shown.length).toBeGreaterThan(10))

it.each(shown)('%s is part of one script', (_, code) => {
  // An ellipsis stands for something that the page leaves out.
  const parts = code.split(/ *…\n/)
  expect(scripts.some((script) => parts.every((part) => `\n${script}`.includes(part)))).toBe(true)
})
