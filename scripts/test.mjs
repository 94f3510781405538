// npm test [-- options of vitest]: the same set-up as npm start where it is missing, then all tests in one run.
import { join } from 'node:path'
import { bootstrap, padaNative, root, run } from './bootstrap.mjs'

await bootstrap()
process.exitCode = await padaNative(['setup'])
if (process.exitCode === 0) {
  process.exitCode = await run(process.execPath, [
    join(root, 'node_modules/vitest/vitest.mjs'),
    'run',
    ...process.argv.slice(2),
  ])
}
