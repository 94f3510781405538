// What is in the tarball, and whether TypeScript and bundlers can use it.
import { existsSync, mkdirSync, statSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { expect, root, succeed } from './stranger.mjs'

/** Bytes; nearly all of it is the embedded data. */
const LIMIT = 12e6

const bin = (/** @type {string} */ name) => join(root, 'node_modules', '.bin', name)

/**
 * Resolves to the file of the tarball.
 *
 * @param {string} folder
 */
export async function packTarball(folder) {
  const printed = await succeed('npm', ['pack', '--json', '--pack-destination', folder])
  /** @type {{ filename: string, files: { path: string }[], size: number }[]} */
  const [{ filename, files, size }] = JSON.parse(printed.slice(printed.indexOf('\n[') + 1))
  process.stdout.write(`${filename}: ${files.length} files, ${(size / 1e6).toFixed(1)} MB\n`)
  for (const { path } of files.filter((file) => /^dist\/.*\.js$/.test(file.path))) {
    const source = path.replace(/^dist/, 'src').replace(/\.js$/, '.ts')
    expect(`whether ${path} has a source (otherwise remove dist)`, existsSync(join(root, source)), true)
  }
  return join(folder, filename)
}

/** @param {string} tarball */
export async function checkContents(tarball) {
  expect(`whether the tarball has less than ${LIMIT} bytes`, statSync(tarball).size < LIMIT, true)
  await succeed(bin('publint'), ['run', tarball, '--strict'])
  await succeed(bin('attw'), [tarball, '--profile', 'esm-only'])
}

const CONSUMER = `
import { type Config, loadConfig, search, Supernet } from 'pada-native'
const config: Config = await loadConfig({ set: ['training.epochs=10', 'method={name: spos}'] })
for await (const event of search(config)) {
  if (event.event === 'epoch') console.log(event.epoch.toFixed(), event.loss.toFixed(2))
  if (event.event === 'result') console.log(event.kendallTau?.toFixed(2), event.top[0]?.arch.toUpperCase())
}
// @ts-expect-error: a number is no configuration, and types that were all \`any\` would not say so.
search(1)
console.log(Supernet.name)
`

/**
 * The declarations are checked too, with Node's types where every project in TypeScript has them.
 *
 * @param {import('./stranger.mjs').Stranger} stranger
 */
export async function checkTypes(stranger) {
  stranger.write('consumer.ts', CONSUMER)
  const types = join(stranger.folder, 'node_modules', '@types')
  mkdirSync(types, { recursive: true })
  symlinkSync(join(root, 'node_modules', '@types', 'node'), join(types, 'node'))
  const strict = ['--noEmit', '--strict', '--skipLibCheck', 'false', '--target', 'es2022', '--lib', 'es2022']
  const modules = [['nodenext'], ['esnext', '--moduleResolution', 'bundler']]
  await Promise.all(
    modules.map((module) => stranger.succeed(bin('tsc'), [...strict, '--module', ...module, 'consumer.ts'])),
  )
}
