#!/usr/bin/env node
/**
 * Draws `docs/terminal.svg`, the README's picture of `npm start`: runs it in tmux and draws what the terminal shows at
 * the end. The run stays in `runs/`.
 *
 *     node scripts/docs/terminal.mjs [--out docs/terminal.svg] [--columns 152] [-- options of search]
 */
import { execFileSync, spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import '../report-errors.mjs'
import { writeAtomically } from '#dist/base/atomic.js'
import { run, temporaryFolder } from '../support/ending.mjs'
import { wholeOption } from '../support/whole-option.mjs'

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))))
const { values, positionals } = parseArgs({
  options: {
    out: { type: 'string', default: join(root, 'docs/terminal.svg') },
    columns: { type: 'string', default: '152' },
  },
  allowPositionals: true,
})
if (spawnSync('tmux', ['-V']).status !== 0) {
  process.stderr.write('Expected tmux in the PATH but there is none\n')
  process.exit(2)
}

const columns = wholeOption(values, 'columns')
const folder = temporaryFolder('pada-terminal-')
/** A server of its own, so that no setting and no session of the user's matters. */
const server = ['-S', join(folder, 'socket'), '-f', '/dev/null']
const tmux = (/** @type {string[]} */ ...args) => execFileSync('tmux', [...server, ...args], { encoding: 'utf8' })
// Before the folder goes, which has its socket.
process.prependOnceListener('exit', () => spawnSync('tmux', [...server, 'kill-server']))
const quoted = (/** @type {string} */ word) => `'${word.replaceAll("'", "'\\''")}'`
const start = [process.execPath, join(root, 'scripts/start.mjs'), ...positionals].map(quoted).join(' ')
// The shell waits until the screen is captured, because the pane ends with it.
const command = `${start}; echo $? > ${quoted(join(folder, 'code'))}; tmux wait-for -S ended; sleep 60`
const size = ['-x', `${columns}`, '-y', '200']
tmux('new-session', '-d', ...size, `unset CI NO_COLOR; export LANG=C.UTF-8; cd ${quoted(root)}; ${command}`)
await run('tmux', [...server, 'wait-for', 'ended'])
const screen = tmux('capture-pane', '-p', '-e', '-t', ':').trimEnd()
const code = readFileSync(join(folder, 'code'), 'utf8').trim()
if (code !== '0') throw new Error(`Expected npm start to end well but received exit code ${code}:\n${screen}`)
const capture = join(folder, 'capture.txt')
writeFileSync(capture, `${screen}\n`)
const draw = join(root, 'scripts/assets/draw-terminal.mjs')
await writeAtomically(values.out, [execFileSync(process.execPath, [draw, capture, '$ npm start'])])
