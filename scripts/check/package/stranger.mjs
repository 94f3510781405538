// A project of somebody else, in a folder of its own, that has the package installed.
import { chmodSync, cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { cacheRoot } from '#dist/base/folders.js'
import { run as runToEnd, temporaryFolder } from '../../support/ending.mjs'

export const root = fileURLToPath(new URL('../../..', import.meta.url))

const PNPM = '10.34.8'

/** A search of a second. */
const TINY = ['space.channels=4', 'space.cellsPerStage=1', 'data.trainCount=256', 'data.testCount=128']
const SHORT = ['training.epochs=1', 'ranking.subModels=8', 'ranking.imageCount=128']
export const SEARCH = ['search', '--json', '--out', 'run', '--set', ...TINY, ...SHORT]

// npm passes its own settings on to what it runs; among them is the folder of this package. Others say how to download.
const DOWNLOADS = /^npm_config_(registry|proxy|https_proxy|noproxy|cafile)$/i
const ENV = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => !/^npm_/i.test(name) || DOWNLOADS.test(name)),
)

/** Everything that the tries write lies below this folder. */
export const workshop = temporaryFolder('pada-package-')
process.prependOnceListener('exit', () => makeWritable(workshop))

/**
 * Environment variables, in addition to those of this process.
 *
 * @typedef {Record<string, string | undefined>} Environment
 */

/**
 * How a command ended, and what it printed.
 *
 * @typedef {{ code: string | number | null | undefined, stdout: string, stderr: string }} Outcome
 */

/**
 * Runs to the end, whatever the exit code is.
 *
 * @param {string} command
 * @param {string[]} args
 * @param {{ cwd?: string, env?: Environment }} [options]
 * @returns {Promise<Outcome>}
 */
export async function run(command, args, { cwd = root, env = {} } = {}) {
  try {
    const { code, signal, ...printed } = await runToEnd(command, args, { cwd, env: { ...ENV, ...env } })
    return { code: code ?? signal, ...printed }
  } catch (error) {
    const { code, message } = /** @type {NodeJS.ErrnoException} */ (error)
    return { code, stdout: '', stderr: message }
  }
}

/**
 * {@link run} of what has to succeed; resolves to its standard output.
 *
 * @param {string} command
 * @param {string[]} args
 * @param {{ cwd?: string, env?: Environment }} [options]
 */
export async function succeed(command, args, options) {
  const { code, stdout, stderr } = await run(command, args, options)
  if (code !== 0) throw new Error(`${command} ${args.join(' ')} failed (${code}):\n${stdout}${stderr}`)
  return stdout
}

/**
 * @param {string} what
 * @param {unknown} received
 * @param {unknown} wanted A value, or what its text must match.
 */
export function expect(what, received, wanted) {
  const fits = wanted instanceof RegExp ? wanted.test(String(received)) : received === wanted
  if (!fits) throw new Error(`Expected ${wanted} for ${what} but received ${received}`)
}

export class Stranger {
  /**
   * @param {string} name
   * @param {Environment} env What every command of the project sees.
   */
  constructor(name, env = {}) {
    this.folder = join(workshop, name)
    this.env = env
    mkdirSync(this.folder)
    this.write('package.json', '{ "name": "stranger", "private": true, "type": "module" }')
  }

  /** Folder of the installed package. */
  get package() {
    return join(this.folder, 'node_modules', 'pada-native')
  }

  /**
   * @param {string} file
   * @param {string} text
   */
  write(file, text) {
    writeFileSync(join(this.folder, file), text)
  }

  /**
   * @param {string} command
   * @param {string[]} args
   * @param {Environment} env
   */
  succeed(command, args, env = {}) {
    return succeed(command, args, { cwd: this.folder, env: { ...this.env, ...env } })
  }

  /** @param {string[]} args */
  npmInstall(...args) {
    return this.succeed('npm', ['install', '--no-audit', '--no-fund', '--prefer-offline', ...args])
  }

  /** @param {string[]} args */
  pnpmInstall(...args) {
    return this.succeed('npx', ['--yes', `pnpm@${PNPM}`, 'install', '--prefer-offline', ...args])
  }

  /**
   * The installed command, as npx and package scripts find it.
   *
   * @param {string[]} args
   * @param {Environment} env
   * @param {string[]} before A command that runs it, if any.
   */
  pada(args, env = {}, before = []) {
    const [command, ...rest] = [...before, join(this.folder, 'node_modules', '.bin', 'pada-native'), ...args]
    return run(command, rest, { cwd: this.folder, env: { ...this.env, ...env } })
  }

  /** Removes the addon that was built in the package's folder. */
  forgetAddon() {
    rmSync(join(this.package, 'build'), { recursive: true, force: true })
  }

  /**
   * Asks for what everybody wants: the command sets itself up, searches, and finds nothing missing.
   *
   * @param {Environment} env
   * @param {string[]} before A command that runs it, if any.
   */
  async works(env = {}, before = []) {
    const { version } = JSON.parse(readFileSync(join(this.package, 'package.json'), 'utf8'))
    expect('--version', (await this.pada(['--version'], env, before)).stdout.trim(), version)
    const { code, stdout, stderr } = await this.pada(SEARCH, env, before)
    expect(`the exit code of a search that printed ${stderr}`, code, 0)
    const result = JSON.parse(stdout.slice(stdout.trimEnd().lastIndexOf('\n') + 1))
    expect('the last event', result.event, 'result')
    expect('the number of sub-models', result.ranked, 8)
    rmSync(join(this.folder, 'run'), { recursive: true })
    /** @type {import('pada-native').Diagnosis} */
    const { missing, libtorch, addon } = JSON.parse((await this.pada(['doctor', '--json'], env, before)).stdout)
    expect('what is missing', missing.join('; '), '')
    if (libtorch === undefined || addon === undefined)
      throw new Error('Expected libtorch and the addon but found neither')
    return { libtorch, addon, stderr }
  }
}

/**
 * A cache with the addons that this machine has built, and without libtorch.
 *
 * @param {string} name
 */
export function freshCache(name) {
  const folder = join(workshop, name)
  cpSync(join(cacheRoot(), 'addons'), join(folder, 'addons'), { recursive: true, preserveTimestamps: true })
  return folder
}

/**
 * Folders only: what decides about new files in them.
 *
 * @param {string} folder
 */
export function makeReadOnly(folder) {
  for (const path of folders(folder)) chmodSync(path, 0o555)
}

/** @param {string} folder */
function makeWritable(folder) {
  chmodSync(folder, 0o755)
  for (const { name } of readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory())) {
    makeWritable(join(folder, name))
  }
}

/** @param {string} folder */
function folders(folder) {
  const below = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isDirectory())
  return [folder, ...below.map((entry) => join(entry.parentPath, entry.name))]
}
