// Checks the format of native/ (with --write: mends it). Skipped where there is no clang-format.
import { execFileSync, spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'

const files = readdirSync('native', { recursive: true })
  .filter((file) => /\.(cc|h)$/.test(file))
  .map((file) => `native/${file}`)
if (spawnSync('clang-format', ['--version']).error) {
  process.stderr.write('clang-format was not found: native/ is not checked\n')
} else if (files.length > 0) {
  const mode = process.argv.includes('--write') ? ['-i'] : ['--dry-run', '--Werror']
  try {
    execFileSync('clang-format', [...mode, ...files], { stdio: 'inherit' })
  } catch {
    process.exitCode = 1
  }
}
