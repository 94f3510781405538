// npm run lint: checks the format and the lint rules of TypeScript and JavaScript, and the format of native/.
// npm run format (--write) mends what can be mended. Without clang-format, native/ is not checked.
import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { root, run } from './bootstrap.mjs'

const write = process.argv.includes('--write')
const native = readdirSync(join(root, 'native'), { encoding: 'utf8', recursive: true })
  .filter((file) => /\.(cc|h)$/.test(file))
  .map((file) => join('native', file))

const biome = [join(root, 'node_modules/@biomejs/biome/bin/biome'), 'check', ...(write ? ['--write'] : []), '.']
process.exitCode = await run(process.execPath, biome)
if (spawnSync('clang-format', ['--version']).error) {
  process.stderr.write('clang-format was not found: native/ is not checked\n')
} else {
  const code = await run('clang-format', [...(write ? ['-i'] : ['--dry-run', '--Werror']), ...native])
  process.exitCode ||= code
}
