#!/usr/bin/env node
// npm run bench:pytorch [-- options]: the same set-up as npm start where it is missing, then the comparison.
import { runBenchmark } from './bench/entry.mjs'

await runBenchmark('./pytorch.mjs')
