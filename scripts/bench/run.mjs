#!/usr/bin/env node
/**
 * Runs one of the benchmarks of this folder:
 *
 *     node scripts/bench/run.mjs growth|methods|pytorch [options]      # --help lists the options
 *
 * First it installs, compiles and builds what is missing, as `npm start` does, so nothing of the package is imported
 * before that.
 */
import { bootstrap, padaNative } from '../bootstrap.mjs'

/** @type {Record<string, () => Promise<{ main(args: string[]): Promise<void> }>>} */
const BENCHMARKS = {
  growth: () => import('./growth.mjs'),
  methods: () => import('./methods.mjs'),
  pytorch: () => import('./pytorch.mjs'),
}

const [name, ...args] = process.argv.slice(2)
if (!Object.hasOwn(BENCHMARKS, name ?? '')) {
  const received = name === undefined ? 'none' : name
  process.stderr.write(`Expected growth, methods or pytorch for the benchmark but received ${received}\n`)
  process.exit(2)
}
await bootstrap()
process.exitCode = await padaNative(['setup'])
if (process.exitCode === 0) {
  await import('../report-errors.mjs')
  // `exit` also ends worker processes and removes temporary files.
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(130))
  const { main } = await BENCHMARKS[name]()
  await main(args)
}
