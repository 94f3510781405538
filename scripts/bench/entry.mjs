// Where a benchmark begins and ends. Nothing of the package is imported before it is known to be there.
import { bootstrap, padaNative } from '../bootstrap.mjs'

/** Runs `main` of a module of this folder; a failure becomes one sentence and an exit code. */
export async function runBenchmark(module) {
  await bootstrap()
  process.exitCode = await padaNative(['setup'])
  if (process.exitCode !== 0) return
  const { reportError } = await import('../../dist/cli/report-error.js')
  const { environment } = await import('../../dist/base/environment.js')
  // Through `exit`, so that worker processes and temporary files go too.
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(130))
  try {
    const { main } = await import(module)
    await main(process.argv.slice(2))
  } catch (error) {
    const write = (line) => process.stderr.write(`${line}\n`)
    process.exit(reportError(error, { debug: environment().debug, write }))
  }
}
