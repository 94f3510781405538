#!/usr/bin/env node
// npm run bench:methods [-- options]: the same set-up as npm start where it is missing, then the measurement.
import { runBenchmark } from './bench/entry.mjs'

await runBenchmark('./methods.mjs')
