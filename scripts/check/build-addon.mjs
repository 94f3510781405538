import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { UserError } from 'pada-native'
import { currentBuild } from '#dist/setup/stamp.js'

export const root = fileURLToPath(new URL('../..', import.meta.url))

/**
 * Builds the addon with other settings of CMake, in a folder of its own; the usual build stays as it is.
 *
 * @param {string} folder
 * @param {readonly string[]} settings Such as `PADA_UNITS=OFF`.
 * @param {(args: readonly string[]) => Promise<number | string>} run Runs Node in the package; resolves to its exit code.
 */
export async function buildAddon(folder, settings, run) {
  const libtorch = currentBuild()?.libtorch.root
  if (libtorch === undefined) throw new UserError('Expected a built addon but there is none: npm run build:native')
  const cli = join(root, 'node_modules/cmake-js/bin/cmake-js')
  const shared = ['--log-level', 'warn', '--directory', root, '--out', folder]
  const definitions = [`LIBTORCH=${libtorch}`, ...settings].map((setting) => `--CD${setting}`)
  for (const command of [['configure'], ['build', '--parallel', `${Math.min(availableParallelism(), 4)}`]]) {
    const code = await run([cli, ...command, ...shared, ...definitions])
    if (code !== 0) throw new UserError(`Expected the addon to build in ${folder} but cmake-js exited ${code}`)
  }
}
