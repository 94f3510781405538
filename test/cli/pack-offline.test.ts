import { chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { temporaryFolder } from '../support/harness.js'
import { script } from '../support/scripts.js'

/** The script, with another program in the place of tar, whose compression takes minutes. */
function pack(folder: string, tar: string, ...options: string[]) {
  const bin = join(folder, 'bin')
  mkdirSync(bin)
  writeFileSync(join(bin, 'tar'), `#!/bin/sh\n${tar}\n`)
  chmodSync(join(bin, 'tar'), 0o755)
  return script('pack-offline.mjs', ['--out', join(folder, 'kit.tar.xz'), ...options], {
    PATH: `${bin}${delimiter}${process.env.PATH}`,
  })
}

describe('pack-offline.mjs', () => {
  test('packs a folder whose `run` needs nothing else', async () => {
    const folder = temporaryFolder()
    // What the packed command prints becomes the archive.
    const tar = '{ cat "$4/$5/run"; "$4/$5/run" --version; "$4/$5/run" config; } > "$2"'
    const { code, stdout, stderr } = await pack(folder, tar)
    expect(code, stderr).toBe(0)
    const out = join(folder, 'kit.tar.xz')
    expect(stdout).toContain(`${out}: 0.0 MB, for ${process.platform} ${process.arch} with Node`)
    const archive = readFileSync(out, 'utf8')
    expect(archive).toContain('PADA_OFFLINE=1')
    expect(archive).toMatch(/^\d+\.\d+\.\d+$/m)
    expect(archive).toContain('name: nasbench201-fashion')
    expect(readdirSync(folder).sort()).toEqual(['bin', 'kit.tar.xz'])
  })

  test('packs tests whose scripts find packages and dist/ current', async () => {
    const folder = temporaryFolder()
    const bootstrap = "import('./scripts/bootstrap.mjs').then(({ bootstrap }) => bootstrap())"
    const tar = `cd "$4/$5/pada-native" && PATH=/nowhere ../bin/node -e "${bootstrap}" && echo > "$2"`
    const { code, stderr } = await pack(folder, tar, '--tests')
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  }, 120_000)

  test('leaves nothing behind if tar fails', async () => {
    const folder = temporaryFolder()
    const { code, stderr } = await pack(folder, 'exit 2')
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: `pada-native: Expected tar to write ${join(folder, 'kit.tar.xz')} with xz but it ended with 2\n`,
    })
    expect(readdirSync(folder)).toEqual(['bin'])
  })
})
