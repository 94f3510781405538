import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { appendFileSync, existsSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { expect, onTestFinished, test } from 'vitest'
import { watch } from '../../src/watch/server.js'
import { findBrowser, openBrowser } from '../support/browser.js'
import { writeFiles } from '../support/folders.js'
import { MAIN, pada, temporaryFolder, tiny } from '../support/harness.js'

/** Neither data nor the addon is needed. */
const env = { LIBTORCH: 'nowhere' }
const CHROMIUM = findBrowser()

test('watch says where it is, serves the page, and ends at Ctrl-C with a page open', async () => {
  const folder = temporaryFolder()
  const child = spawn(process.execPath, [MAIN, 'watch', folder, '--port', '0', '--json'], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [line] = await once(createInterface(child.stdout), 'line')
  const { event, url } = JSON.parse(line)
  expect(event).toBe('watching')
  expect(await (await fetch(url)).text()).toContain('<title>pada-native watch</title>')
  const open = await fetch(`${url}api/events`)
  child.kill('SIGINT')
  const [code] = await once(child, 'exit')
  expect(code).toBe(0)
  await expect(open.text()).rejects.toThrow()
})

test('watch refuses what it cannot do, in one sentence', async () => {
  const folder = temporaryFolder()
  const taken = createServer()
  await new Promise<void>((resolve) => {
    taken.listen(0, '127.0.0.1', resolve)
  })
  onTestFinished(() => void taken.close())
  const { port } = taken.address() as { port: number }
  for (const [args, sentence, code] of [
    [
      [folder, '--port', String(port)],
      `Expected a free port but another process listens at ${port}; --port 0 takes any free one`,
      1,
    ],
    [[join(folder, 'none')], `Expected a run folder or a folder of runs for watch but received ${folder}/none`, 2],
    [[folder, '--port', '65536'], 'Expected 0…65535 for --port but received 65536', 2],
    [
      [folder, '--port', '0', '--host', '203.0.113.7'],
      'Expected an address of this machine for --host but received 203.0.113.7 (EADDRNOTAVAIL)',
      2,
    ],
  ] as const) {
    const outcome = await pada(['watch', ...args], { env })
    expect(outcome.stderr).toBe(`pada-native: ${sentence}\n`)
    expect(outcome.code).toBe(code)
  }
})

test('a search records its progress for those who watch it, and its log becomes that of TensorBoard', async () => {
  const run = join(temporaryFolder(), 'run')
  const searched = await pada(['search', ...tiny(), '--out', run])
  expect(searched.code, searched.stderr).toBe(0)
  const written = await pada(['tensorboard', run, '--out', join(run, 'board'), '--json'], { env })
  expect(written.code, written.stderr).toBe(0)
  expect(existsSync(JSON.parse(written.stdout).output)).toBe(true)
  await using server = await watch({ folder: run, port: 0 })
  const response = await fetch(`${server.url}api/events`)
  let text = ''
  const decoder = new TextDecoder()
  for await (const bytes of response.body as unknown as AsyncIterable<Uint8Array>) {
    text += decoder.decode(bytes, { stream: true })
    if (text.includes('"state":"finished"') && text.endsWith('\n\n')) break
  }
  const messages = text.split('\n\n').flatMap((part) => (part.startsWith('data: ') ? [JSON.parse(part.slice(6))] : []))
  const last = messages.at(-1)
  const found = last.message === 'hello' ? last.runs[0] : last.run
  expect(found).toMatchObject({ id: '.', progress: { phase: 'ranking' } })
  // Null if the ranking was over before a rate was known.
  expect(found.progress).toHaveProperty('perSecond')
  expect(found.progress.done).toBe(found.progress.total)
  expect(found.steps.rows).toBeGreaterThan(0)
})

test.skipIf(CHROMIUM === undefined)(
  'the page shows runs, and what is new in them, in a browser (needs Chromium)',
  async () => {
    const start = '{"event":"start","space":"nasbench201","method":"pada","dataset":"d","epochs":9,"stepsPerEpoch":2}\n'
    const epoch = (index: number) =>
      `{"event":"epoch","epoch":${index},"loss":${(9 - index) / 2},"accuracy":0.5,"gradientVariance":1e-5,"pathDistribution":[0.1,0.2,0.3,0.2,0.2]}\n`
    const result =
      '{"event":"result","kendallTau":0.25,"spearman":0.5,"bestFound":90,"regret":1,"seconds":5,"ranked":1,"top":[{"path":[4,0,3,3,3,1],"arch":"<b>the best</b>","accuracy":0.5,"groundTruth":90}]}\n'
    const run = (...lines: string[]) => ({
      'config.yaml': 'space: {name: nasbench201}\n',
      'events.jsonl': [start, ...lines].join(''),
    })
    const folder = temporaryFolder()
    writeFiles(join(folder, 'first'), run(epoch(0), epoch(1)))
    let server = await watch({ folder, port: 0 })
    onTestFinished(() => server.close())
    const browser = await openBrowser(CHROMIUM!)
    onTestFinished(() => browser.close())
    const page = await browser.newPage({ viewport: { width: 400, height: 900 }, colorScheme: 'dark' })
    const complaints: string[] = []
    page.on('console', (message) => void (message.type() === 'error' && complaints.push(message.text())))
    page.on('pageerror', (error) => void complaints.push(error.message))
    const elsewhere: string[] = []
    page.on('request', (request) => void (request.url().startsWith(server.url) || elsewhere.push(request.url())))
    await page.goto(server.url)

    await page.waitForSelector('#curves canvas')
    await page.waitForSelector('text=epoch 2/9')
    appendFileSync(join(folder, 'first/events.jsonl'), epoch(2))
    await page.waitForSelector('text=epoch 3/9')
    await page.waitForSelector('[aria-label*="Loss by epoch. Latest: first: 3.500"]')
    // A new run appears by itself, with a result whose text is not taken for HTML.
    writeFiles(join(folder, 'second'), run(epoch(0), result))
    await page.waitForSelector('#results >> text=<b>the best</b>')
    await expect
      .poll(() => page.evaluate('document.querySelector("#results img")?.naturalWidth'), { timeout: 60_000 })
      .toBeGreaterThan(0)
    expect(await page.locator('#paths .shares').count()).toBe(2)
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(400)
    expect(complaints).toEqual([])

    writeFiles(
      join(folder, 'third'),
      run('{"event":"stopped","why":"failed","reason":"Expected <i>this</i>","time":"t"}\n'),
    )
    await page.waitForSelector('td.state-failed:has-text("failed: Expected <i>this</i>")')
    await page.waitForSelector('#counts:has-text("1 failed")')

    // The server ends and comes back; the page connects again and lacks nothing, nor has anything twice.
    const port = Number(new URL(server.url).port)
    await server.close()
    await page.waitForSelector('text=The server does not answer')
    appendFileSync(join(folder, 'first/events.jsonl'), epoch(3))
    server = await watch({ folder, port })
    await page.waitForSelector('text=epoch 4/9')
    await page.waitForSelector('#curves[data-rows="5"]')
    await page.waitForSelector('text=Live')
    expect(elsewhere).toEqual([])
  },
)
