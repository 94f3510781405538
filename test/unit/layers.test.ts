/** The order of the house: a folder of src/ imports, types included, only from folders before it. */
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'
import { describe, expect, it } from 'vitest'

/** From the ground up. CONTRIBUTING.md says what is in each. */
const FOLDERS = [
  'base',
  'formats',
  'config',
  'programs',
  'spaces',
  'setup',
  'native',
  'distributed',
  'data',
  'sampling',
  'methods',
  'training',
  'evaluation',
  'ground-truth',
  'finding',
  'weights',
  'onnx',
  'runs',
  'tensorboard',
  'search',
  'retraining',
  'benchmark',
  'conformance',
  'report',
  'experiment',
  'watch',
  'cli',
]

const root = fileURLToPath(new URL('../../src/', import.meta.url))
const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'))
const folderOf = (file: string) => file.split('/')[0]

/** The files of src/ that a file imports, exports from, or names in an `import()`. */
function imports(file: string, text: string): string[] {
  const { importedFiles } = ts.preProcessFile(text, true, true)
  return importedFiles
    .map(({ fileName }) => fileName)
    .filter((name) => name.startsWith('.'))
    .map((name) => relative(root, join(root, dirname(file), name)).replace(/\.js$/, '.ts'))
}

/** One sentence per import that goes up. */
function upward(file: string, text: string): string[] {
  const level = FOLDERS.indexOf(folderOf(file))
  return imports(file, text)
    .filter((imported) => {
      const other = FOLDERS.indexOf(folderOf(imported))
      return other === -1 || other > level
    })
    .map((imported) => `src/${file} imports src/${imported}`)
}

describe('the folders of src/', () => {
  it('are the ones listed here; only index.ts lies loose', () => {
    const places = new Set(files.map(folderOf))
    expect([...places].toSorted()).toEqual([...FOLDERS, 'index.ts'].toSorted())
  })

  it('import only from those before them', () => {
    const found = files
      .filter((file) => file !== 'index.ts')
      .flatMap((file) => upward(file, readFileSync(join(root, file), 'utf8')))
    expect(found).toEqual([])
  })

  it('would be caught importing upwards, also for a type, an export or later', () => {
    const up = ['src/base/errors.ts imports src/cli/main.ts']
    expect(upward('base/errors.ts', "import { x } from '../cli/main.js'")).toEqual(up)
    expect(upward('base/errors.ts', "import type { X } from '../cli/main.js'")).toEqual(up)
    expect(upward('base/errors.ts', "export * from '../cli/main.js'")).toEqual(up)
    expect(upward('base/errors.ts', "const x = await import('../cli/main.js')")).toEqual(up)
    expect(upward('base/errors.ts', "type X = import('../cli/main.js').X")).toEqual(up)
    expect(upward('cli/main.ts', "import { x } from '../base/errors.js'\nimport { y } from './y.js'")).toEqual([])
  })
})
