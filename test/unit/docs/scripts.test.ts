/** scripts/README.md has a line for every script, and for none that is gone. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'

const root = fileURLToPath(new URL('../../..', import.meta.url))
const commandsOfNpm: Record<string, string> = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).scripts
const page = readFileSync(join(root, 'scripts/README.md'), 'utf8')

/** The files that the first cells of the tables name, below the folder that is the section's heading. */
function named(): string[] {
  return page.split(/^## /m).flatMap((section) => {
    const folder = /^(\w+\/)/.exec(section)?.[1] ?? ''
    return [...section.matchAll(/^\| (`[^|]*`) \|/gm)].flatMap(([, cell]) =>
      cell.split(', ').map((name) => folder + name.slice(1, -1)),
    )
  })
}

it('names every script once', () => {
  const files = readdirSync(join(root, 'scripts'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.(cjs|mjs|py)$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name).slice(join(root, 'scripts/').length))
  expect(files.length).toBeGreaterThan(40)
  expect(named().sort()).toEqual(files.sort())
})

it('names commands that npm knows', () => {
  const commands = [...page.matchAll(/`npm (?:run )?([\w:-]+)/g)].map(([, name]) => name)
  expect(commands.length).toBeGreaterThan(10)
  for (const name of commands) expect(commandsOfNpm).toHaveProperty([name])
})

it('npm runs scripts that are there', () => {
  const files = Object.values(commandsOfNpm).flatMap((command) => /scripts\/\S+\.mjs/.exec(command) ?? [])
  expect(files.length).toBeGreaterThan(10)
  for (const file of files) expect(existsSync(join(root, file)), file).toBe(true)
})
