import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { isAlive } from '../support/alive.js'
import { pada, temporaryFolder } from '../support/harness.js'
import { until } from '../support/until.js'

test('an unusable LIBTORCH is one clear sentence, and the build there is stays', async () => {
  const LIBTORCH = temporaryFolder()
  const { code, stdout, stderr } = await pada(['setup'], { env: { LIBTORCH } })
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
  expect(stderr).toContain(`Expected a usable libtorch folder for LIBTORCH but received ${LIBTORCH}: ${LIBTORCH}/lib/`)
  expect((await pada(['setup'])).code).toBe(0)
})

test('set-up that is done finds, fetches and builds nothing again', async () => {
  // None of it could be done with no program to call, no network and nothing kept.
  const env = { PATH: '', PADA_OFFLINE: '1', PADA_CACHE: temporaryFolder() }
  const { code, stderr } = await pada(['setup'], { env })
  expect(stderr).toMatch(/^Ready: .*\n$/)
  expect(code).toBe(0)
})

test('without network and libtorch, every attempt is listed', async () => {
  const folder = temporaryFolder()
  const env = { PADA_OFFLINE: '1', PADA_PYTHON: `${folder}/python3`, PADA_CACHE: folder, LIBTORCH: '' }
  const { code, stderr } = await pada(['setup'], { env })
  expect(code).toBe(1)
  expect(stderr).toMatch(/1\. LIBTORCH: not set\n.*2\. torch of .*python3 was not found\n.*3\. cache: .*does not exist/)
  expect(stderr).toContain('PADA_OFFLINE forbids the network')
})

test('--cpu and --cuda exclude each other', async () => {
  expect((await pada(['setup', '--cpu', '--cuda'])).code).toBe(2)
})

test('doctor knows what is there, for people and as JSON', async () => {
  const text = await pada(['doctor'])
  expect(text).toMatchObject({ code: 0, stderr: '' })
  expect(text.stdout).toMatch(/^libtorch +2\.\d+\.\d+/m)
  const diagnosis = JSON.parse((await pada(['doctor', '--json'])).stdout)
  expect(diagnosis).toMatchObject({ addon: { loads: true }, missing: [], versions: { node: process.versions.node } })
  expect(diagnosis.threads).toBeGreaterThan(0)
})

test('doctor fails if something is missing, and names the folder of a LIBTORCH that is not there', async () => {
  const LIBTORCH = `${temporaryFolder()}/none`
  const text = await pada(['doctor'], { env: { LIBTORCH } })
  expect(text).toMatchObject({ code: 1, stderr: '' })
  expect(text.stdout).toMatch(new RegExp(`\n\nLIBTORCH names no usable libtorch: ${LIBTORCH} does not exist\n$`))
  const { code, stdout } = await pada(['doctor', '--json'], { env: { LIBTORCH } })
  expect(code).toBe(1)
  expect(JSON.parse(stdout).missing).toEqual([`LIBTORCH names no usable libtorch: ${LIBTORCH} does not exist`])
})

test.skipIf(process.platform !== 'linux')(
  'a signal that ends a script ends its set-up with all that it has started',
  async () => {
    const folder = temporaryFolder()
    const [file, script] = [join(folder, 'pid'), join(folder, 'run.mjs')]
    const { href } = new URL('../../dist/setup/process.js', import.meta.url)
    const command = `sh -c 'sleep 1000 & echo $! > ${file}; wait'; true`
    writeFileSync(
      script,
      `import { run } from ${JSON.stringify(href)}\nawait run('sh', ['-c', ${JSON.stringify(command)}])\n`,
    )
    const child = spawn(process.execPath, [script], { stdio: 'ignore' })
    const ended = once(child, 'exit')
    await until(() => existsSync(file) && readFileSync(file, 'utf8').endsWith('\n'))
    const compiler = Number(readFileSync(file, 'utf8'))
    child.kill('SIGINT')
    expect(await ended).toEqual([null, 'SIGINT'])
    await until(() => !isAlive(compiler))
  },
)
