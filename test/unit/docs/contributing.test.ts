/** CONTRIBUTING.md names only files, folders and commands that are there. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'

const root = fileURLToPath(new URL('../../..', import.meta.url))
const page = readFileSync(join(root, 'CONTRIBUTING.md'), 'utf8')

/** Folders that commands write, which a fresh clone lacks. */
const WRITTEN = ['dist/', 'build-sanitized/']
const PATH = /^[\w.-]*\w[\w.*-]*(\/[\w.*-]+)*\/?$/
const FILE = /\w\.(ts|cc|h|inc|mjs|py|json|yaml|md|\*)$/

/** Paths of a line. Rows of a table that begin with a folder name what is in it. */
function named(line: string): { path: string; bases: string[] }[] {
  const folder = /^\| `([\w-]+\/)`/.exec(line)?.[1]
  const bases = ['', 'src/', 'native/']
  const within = folder === undefined ? [] : bases.map((base) => base + folder)
  return [...line.matchAll(/`([^`]+)`/g)]
    .map(([, path]) => path)
    .filter((path) => PATH.test(path) && (path.includes('/') || FILE.test(path)))
    .map((path) => ({ path, bases: [...bases, ...within] }))
}

/** Of a path with `*` in its last part some file, of one with “yours” the folder that it would be in or above. */
function exists(path: string): boolean {
  if (path.includes('yours'))
    return existsSync(
      join(
        root,
        path
          .split('/')
          .slice(0, 2)
          .join('/')
          .replace(/yours.*/, ''),
      ),
    )
  if (!path.includes('*')) return existsSync(join(root, path))
  const [before, after] = basename(path).split('*')
  const folder = join(root, dirname(path))
  return existsSync(folder) && readdirSync(folder).some((name) => name.startsWith(before) && name.endsWith(after))
}

it('names files and folders that are there', () => {
  const paths = page.split('\n').flatMap(named)
  expect(paths.length).toBeGreaterThan(150)
  const gone = paths.filter(({ path, bases }) => !WRITTEN.includes(path) && !bases.some((base) => exists(base + path)))
  expect(gone.map(({ path }) => path)).toEqual([])
})

it('would find one that is gone', () => {
  for (const path of ['src/evaluation/tables/', 'native/ops/conv_*.inc', 'encode.ts']) {
    expect(named(`in \`${path}\``)).toHaveLength(1)
    expect(['', 'src/', 'native/'].some((base) => exists(base + path))).toBe(false)
  }
})

it('names commands that npm knows', () => {
  const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  const commands = [...page.matchAll(/\bnpm run\s([\w:]+)/g)].map(([, name]) => name)
  expect(commands.length).toBeGreaterThan(10)
  for (const name of commands) expect(scripts).toHaveProperty([name])
})
