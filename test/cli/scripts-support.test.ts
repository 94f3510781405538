/** What scripts share: how they end early, and which options and folders they refuse. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { describe, expect, test } from 'vitest'
import { temporaryFolder } from '../support/harness.js'
import { file, script, scripts } from '../support/scripts.js'
import { until } from '../support/until.js'

describe('a script that a signal ends', () => {
  test('waits for the program that it runs, and removes its temporary folders', async () => {
    const folder = temporaryFolder()
    // The program notes how it ends.
    const program = `process.on('SIGTERM', () => { fs.writeFileSync('ended', ''); process.exit() })
      fs.writeFileSync('begun', ''); setInterval(() => {}, 1000)`
    const own = file(
      'own.mjs',
      `import { run, temporaryFolder } from '${pathToFileURL(join(scripts, 'support/ending.mjs'))}'
      temporaryFolder('work-', '.')
      await run(process.execPath, ['-e', ${JSON.stringify(program)}])
      console.log('goes on')`,
    )
    const child = spawn(process.execPath, [own], { cwd: folder, stdio: 'inherit' })
    const end = once(child, 'exit')
    await until(() => existsSync(join(folder, 'begun')))
    expect(readdirSync(folder)).toEqual(['begun', expect.stringMatching(/^work-/)])
    child.kill('SIGTERM')
    expect(await end).toEqual([130, null])
    expect(readdirSync(folder)).toEqual(['begun', 'ended'])
  })
})

test.each([
  ['check/leaks', ['--most', 'eight'], 'a whole number of at least 0 for --most but received eight'],
  ['fuzz/kill', ['--rounds', 'ten'], 'a whole number of at least 1 for --rounds but received ten'],
  ['bench/processes', ['--steps', '1.5'], 'a whole number of at least 1 for --steps but received 1.5'],
  ['bench/processes', ['--networks', 'resnet'], 'nasbench201, darts, proxylessnas for --networks but received resnet'],
])('%s %j is refused in a sentence', async (name, args, sentence) => {
  const { code, stdout, stderr } = await script(`${name}.mjs`, args)
  expect(stderr).toBe(`pada-native: Expected ${sentence}\n`)
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
})

test('make-imagenet-like goes on in its own folder, and refuses one of other options', async () => {
  const folder = join(temporaryFolder(), 'images')
  const make = (...more: string[]) =>
    script('assets/make-imagenet-like.mjs', [folder, '--images', '2', '--validation', '1', '--classes', '2', ...more])
  const first = await make()
  expect(first.code, first.stderr).toBe(0)
  const image = join(folder, 'train/n00000000/n00000000_0.JPEG')
  const before = readFileSync(image)
  // A kill leaves a temporary file at most.
  writeFileSync(`${image}.tmp`, '')
  expect(await make()).toMatchObject({ code: 0, stdout: first.stdout })
  expect(readFileSync(image)).toEqual(before)
  const other = await make('--seed', '7')
  expect(other.code).toBe(2)
  expect(other.stderr).toContain(`"seed":7} in ${folder} but received {"images":2,"validation":1,"classes":2,"seed":0}`)
})

test('a folder with files of unknown settings is refused', async () => {
  const folder = temporaryFolder()
  mkdirSync(join(folder, 'train'))
  const { code, stderr } = await script('assets/make-imagenet-like.mjs', [folder])
  expect(stderr).toContain(`in ${folder} but received files without a settings.json: name another folder`)
  expect(code).toBe(2)
})
