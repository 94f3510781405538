// What `experiment --json` is to `--jobs`, by its first argument. Each process waits until all of them have begun.
import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const [role, folder, count] = process.argv.slice(2)
const say = (/** @type {object} */ event) => console.log(JSON.stringify(event))
const about = { number: 1, cells: 2, labels: {}, seed: 0, run: '' }

process.on('SIGINT', () => {
  writeFileSync(join(folder, `interrupted-${process.pid}`), '')
  process.exit(130)
})
writeFileSync(join(folder, `begun-${process.pid}`), '')
const begun = () => readdirSync(folder).filter((name) => name.startsWith('begun-'))
while (begun().length < Number(count)) await new Promise((resolve) => setTimeout(resolve, 5))
const isFirst = begun().sort()[0] === `begun-${process.pid}`

if (role === 'refused') {
  console.error('pada-native: Expected something else')
  process.exit(2)
}
if (role === 'killed' || (role === 'one-killed' && isFirst)) {
  process.stdout.write('{"event":"cellDone","ce', () => process.kill(process.pid, 'SIGKILL'))
  await new Promise(() => setInterval(() => {}, 1000))
}
say({ event: 'experiment', name: 'x', out: '', cells: 2, complete: 0 })
say({ event: 'waiting', cells: ['a'] })
if (role === 'waits') await new Promise(() => setInterval(() => {}, 1000))
say({ event: 'cell', cell: `${process.pid}`, resumed: false, ...about })
if (role === 'failing') say({ event: 'cellFailed', cell: 'bad', message: 'its loss is not finite' })
say({ event: 'report', name: 'x', cells: 2, complete: 2, conditions: [], differences: [], files: [] })
process.exit(role === 'failing' ? 1 : 0)
