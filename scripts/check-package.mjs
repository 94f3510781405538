// Installs the package as a stranger does, from its tarball into an empty folder, and uses it there: the command sets
// itself up at its first search, and the library can be imported.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const folder = mkdtempSync(join(tmpdir(), 'pada-package-'))

// npm passes its own settings on to what it runs; among them is the folder of this package.
const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^npm_/i.test(name)))
const output = (command, args, cwd = folder) =>
  execFileSync(command, args, { cwd, env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] })

try {
  const [{ filename, files }] = JSON.parse(output('npm', ['pack', '--json', '--pack-destination', folder], root))
  process.stdout.write(`${filename}: ${files.length} files\n`)
  writeFileSync(join(folder, 'package.json'), '{ "name": "stranger", "private": true, "type": "module" }')
  output('npm', ['install', '--no-audit', '--no-fund', '--prefer-offline', join(folder, filename)])

  const small = ['space.channels=4', 'space.cellsPerStage=1', 'data.trainCount=256', 'data.testCount=128']
  const short = ['training.epochs=1', 'ranking.subModels=8', 'ranking.imageCount=128']
  const args = ['pada-native', 'search', '--json', '--out', 'run', '--set', ...small, ...short]
  const lines = output('npx', args).trim().split('\n')
  const result = JSON.parse(lines.at(-1))
  if (result.event !== 'result' || result.top.length === 0) throw new Error(`Expected a result but received ${lines}`)

  const { missing } = JSON.parse(output('npx', ['pada-native', 'doctor', '--json']))
  if (missing.length > 0) throw new Error(`Expected nothing missing but received ${missing.join('; ')}`)

  writeFileSync(join(folder, 'use.js'), `import { search } from 'pada-native'\nconsole.log(typeof search)\n`)
  const type = output(process.execPath, ['use.js']).trim()
  if (type !== 'function') throw new Error(`Expected search to be a function but received ${type}`)
  process.stdout.write('The installed package searches and can be imported\n')
} finally {
  rmSync(folder, { recursive: true, force: true })
}
