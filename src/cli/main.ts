#!/usr/bin/env node
/**
 * The entry of the command line. It imports the rest only after it has checked Node's version: older ones fail on an
 * import, before any code of ours runs.
 */
const [major, minor] = process.versions.node.split('.').map(Number)

// The same as `engines` in package.json, which is what the packages in use need.
if ((major === 20 && minor >= 19) || (major === 22 && minor >= 12) || major > 22) {
  await import('./cli.js')
} else {
  process.stderr.write(
    `pada-native: Expected Node 20 from 20.19 on, or 22.12 or newer, but received ${process.versions.node}\n`,
  )
  process.exitCode = 1
}

export {}
