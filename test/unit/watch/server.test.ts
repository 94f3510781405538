import { appendFileSync, mkdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { connect } from 'node:net'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { isOwnHost } from '../../../src/watch/access.js'
import type { Message, RowsMessage, RunMessage } from '../../../src/watch/messages.js'
import { type Watch, watch } from '../../../src/watch/server.js'
import { temporaryFolder, writeFiles } from '../../support/folders.js'

const START = '{"event":"start","space":"nasbench201","method":"pada","dataset":"d","epochs":9,"stepsPerEpoch":2}\n'
const epoch = (index: number) => `{"event":"epoch","epoch":${index},"loss":${9 - index},"pathDistribution":[0.5,0.5]}\n`
const run = (...lines: string[]) => ({
  'config.yaml': 'space: {name: nasbench201}\n',
  'events.jsonl': [START, ...lines].join(''),
})

/** A folder of runs by name, and a server that watches it. */
async function served(runs: Readonly<Record<string, Readonly<Record<string, string>>>>) {
  const folder = temporaryFolder()
  for (const [name, files] of Object.entries(runs)) writeFiles(join(folder, name), files)
  const server = await watch({ folder, port: 0 })
  onTestFinished(() => server.close())
  return { folder, server }
}

/** Messages of a stream of events, as they come. */
async function listen({ url }: Watch) {
  const response = await fetch(`${url}api/events`)
  const messages: Message[] = []
  let wake = () => {}
  const reading = (async () => {
    let text = ''
    const decoder = new TextDecoder()
    for await (const bytes of response.body as unknown as AsyncIterable<Uint8Array>) {
      text += decoder.decode(bytes, { stream: true })
      const parts = text.split('\n\n')
      text = parts.pop() as string
      for (const part of parts) {
        if (part.startsWith('data: ')) messages.push(JSON.parse(part.slice(6)))
      }
      wake()
    }
  })()
  // It ends by an error when the server closes the connection.
  reading.catch(() => {})
  /** The next message that fits, however long it takes. */
  const next = async <Kind extends Message>(fits: (message: Message) => boolean): Promise<Kind> => {
    for (;;) {
      const index = messages.findIndex(fits)
      if (index >= 0) return messages.splice(0, index + 1).at(-1) as Kind
      await new Promise<void>((resolve) => {
        wake = resolve
      })
    }
  }
  return { response, next }
}

const isRun = (id: string, rows: number) => (message: Message) =>
  message.message === 'run' && message.run.id === id && message.run.rows === rows

describe('the server', () => {
  test('tells what there is, and then what changes: rows, new runs, cut logs, removed runs', async () => {
    const { folder, server } = await served({ a: run(epoch(0)), 'deep/er/b': run() })
    const { response, next } = await listen(server)
    expect(response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8')
    // The runs may have been read before the connection, or after it.
    const known = await next((message) => isRun('a', 1)(message) || ('runs' in message && message.runs[0]?.rows === 1))
    expect(['hello', 'run']).toContain(known.message)
    appendFileSync(join(folder, 'a/events.jsonl'), epoch(1))
    const rows = await next<RowsMessage>((message) => message.message === 'rows' && message.from === 1)
    expect(rows).toMatchObject({ run: 'a', series: 'epochs', generation: 0 })
    expect(rows.rows[0][rows.columns.indexOf('loss')]).toBe(8)
    const { run: a } = await next<RunMessage>(isRun('a', 2))
    expect(a).toMatchObject({ state: 'running', latest: { loss: 8 }, about: { epochs: 9 } })
    expect(a.distribution?.operations[0]).toBe('none')

    writeFiles(join(folder, 'c'), run(epoch(0)))
    await next(isRun('c', 1))
    truncateSync(join(folder, 'a/events.jsonl'), START.length)
    const { run: cut } = await next<RunMessage>(isRun('a', 0))
    expect(cut.generation).toBe(1)
    rmSync(join(folder, 'c'), { recursive: true })
    expect(await next(({ message }) => message === 'gone')).toEqual({ message: 'gone', run: 'c' })
  })

  test('gives curves from a row on, as bytes', async () => {
    const { server } = await served({ a: run(epoch(0), epoch(1), epoch(2)) })
    const { next } = await listen(server)
    await next((message) => message.message === 'run' || (message.message === 'hello' && message.runs[0]?.rows === 3))
    const bytes = Buffer.from(await (await fetch(`${server.url}api/series?run=a&from=1`)).arrayBuffer())
    const head = JSON.parse(bytes.toString('utf8', 4, 4 + bytes.readUInt32LE(0)))
    expect(head).toMatchObject({ generation: 0, from: 1, rows: 2 })
    expect(bytes.readFloatLE(4 + bytes.readUInt32LE(0) + 8 * head.columns.indexOf('loss'))).toBe(8)
  })

  test('knows an experiment by its plan', async () => {
    const folder = temporaryFolder()
    const cells = [{ id: 'pada-seed0', labels: { method: 'PA&DA' }, seed: 0 }]
    writeFiles(folder, { 'plan.json': JSON.stringify({ name: 'smoke', cells }) })
    mkdirSync(join(folder, 'cells'))
    await using server = await watch({ folder, port: 0 })
    const { next } = await listen(server)
    const withPlan = await next((message) => 'plans' in message && message.plans.length === 1)
    expect(withPlan).toMatchObject({ plans: [{ id: '.', name: 'smoke', cells }] })
  })

  test('shows a single run folder, also one with damaged files', async () => {
    const folder = writeFiles(temporaryFolder(), {
      ...run('{"torn\n', epoch(0)),
      'progress.json': '{',
      'steps.jsonl': '{\n',
    })
    await using server = await watch({ folder, port: 0 })
    const { next } = await listen(server)
    const message = await next((one) => isRun('.', 1)(one) || (one.message === 'hello' && one.runs[0]?.rows === 1))
    const found = message.message === 'hello' ? message.runs[0] : (message as RunMessage).run
    expect(found).toMatchObject({ damaged: 1, state: 'stopped', steps: { rows: 0 } })
    expect(found.progress).toBeUndefined()
  })

  test('goes on if a run has odd events or cannot be read, and says so', async () => {
    const { folder, server } = await served({
      odd: run('{"event":"result","top":[null]}\n', epoch(0)),
      unreadable: { 'config.yaml': '{}', 'events.jsonl/note.txt': '' },
      whole: run(epoch(0)),
    })
    const { next } = await listen(server)
    appendFileSync(join(folder, 'odd/events.jsonl'), epoch(1))
    expect((await next<RunMessage>(isRun('odd', 2))).run).toMatchObject({ damaged: 1 })
    const isUnreadable = (message: Message) => message.message === 'run' && message.run.id === 'unreadable'
    const { run: unreadable } = await next<RunMessage>(isUnreadable)
    expect(unreadable.reason).toBe('its files cannot be read: a folder')
    appendFileSync(join(folder, 'whole/events.jsonl'), epoch(1))
    await next(isRun('whole', 2))
    rmSync(join(folder, 'unreadable/events.jsonl'), { recursive: true })
    writeFileSync(join(folder, 'unreadable/events.jsonl'), START + epoch(0))
    expect((await next<RunMessage>(isRun('unreadable', 1))).run.reason).toBeUndefined()
  })

  test('serves the page and its modules, and names no other place of the network', async () => {
    const { server } = await served({})
    const page = await fetch(server.url)
    expect(page.status).toBe(200)
    expect(page.headers.get('content-security-policy')).toContain("default-src 'none'")
    const html = await page.text()
    expect(html).not.toMatch(/https?:/)
    for (const file of ['main.js', 'style.css', 'uplot.js', 'uplot.css']) {
      const response = await fetch(server.url + file)
      expect(response.status, file).toBe(200)
      expect(response.headers.get('content-type'), file).toContain(file.endsWith('js') ? 'text/javascript' : 'text/css')
    }
    // Every module that a module imports is there.
    for (const name of (await (await fetch(`${server.url}main.js`)).text()).matchAll(/from '\.\/([^']+)'/g)) {
      expect((await fetch(server.url + name[1])).status, name[1]).toBe(200)
    }
    const head = await fetch(server.url, { method: 'HEAD' })
    expect(head.status).toBe(200)
    expect(Number(head.headers.get('content-length'))).toBe(Buffer.byteLength(html))
    expect(await head.text()).toBe('')
  })

  test('reads nothing but its page and the curves of runs', async () => {
    const { folder, server } = await served({ a: run() })
    writeFileSync(join(folder, 'secret'), 'secret')
    const { hostname, port } = new URL(server.url)
    const status = (path: string) =>
      new Promise<number | undefined>((resolve, reject) => {
        request({ hostname, port, path }, (response) => {
          response.resume()
          resolve(response.statusCode)
        })
          .on('error', reject)
          .end()
      })
    for (const path of [
      '/../package.json',
      '/..%2f..%2fpackage.json',
      '/%2e%2e/%2e%2e/package.json',
      '/..\\package.json',
      '//etc/passwd',
      '/style.css/../../../package.json',
      '/index.html',
      '/secret',
      '/a/config.yaml',
      '/api/series?run=../secret',
      '/api/series?run=a%2f..',
      '/api/drawing?run=%2e%2e',
      '/api/series',
      '/__proto__',
      '/constructor',
    ]) {
      expect(await status(path), path).toBe(404)
    }
  })

  test('answers GET and HEAD only', async () => {
    const { server } = await served({})
    for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH']) {
      const response = await fetch(server.url, { method })
      expect(response.status, method).toBe(405)
      expect(response.headers.get('allow')).toBe('GET, HEAD')
    }
  })

  test('refuses names of other hosts, by which pages elsewhere could reach it', async () => {
    const { server } = await served({})
    const { hostname, port } = new URL(server.url)
    const ask = (header: string) =>
      new Promise<string>((resolve, reject) => {
        const socket = connect(Number(port), hostname, () =>
          socket.write(`GET / HTTP/1.1\r\n${header}Connection: close\r\n\r\n`),
        )
        let text = ''
        socket.on('data', (bytes) => {
          text += bytes
        })
        socket.on('end', () => resolve(text)).on('error', reject)
      })
    const statusOf = async (header: string) => (await ask(header)).slice(9, 12)
    expect(await statusOf(`Host: 127.0.0.1:${port}\r\n`)).toBe('200')
    expect(await statusOf(`Host: localhost:${port}\r\n`)).toBe('200')
    expect(await statusOf('Host: evil.example\r\n')).toBe('403')
    expect(await statusOf('Host: 127.0.0.1.evil.example\r\n')).toBe('403')
    expect(await statusOf('')).toBe('400')
    expect(await ask('Host: evil.example\r\n')).toMatch(/\nExpected a numeric .*; watch --host NAME lets another/)
  })

  test('ends at once, with open connections too', async () => {
    const { server } = await served({ a: run() })
    const { next } = await listen(server)
    await next(({ message }) => message === 'hello')
    await server.close()
    await server.close()
    await expect(fetch(server.url)).rejects.toThrow()
  })

  test('refuses a folder that is none, and a port that is taken, in one sentence', async () => {
    await expect(watch({ folder: join(temporaryFolder(), 'none'), port: 0 })).rejects.toThrow(
      /^Expected a run folder or a folder of runs for watch but received .*none$/,
    )
    const { folder, server } = await served({})
    const port = Number(new URL(server.url).port)
    await expect(watch({ folder, port })).rejects.toThrow(
      `Expected a free port but another process listens at ${port}; --port 0 takes any free one`,
    )
  })
})

test('a Host header is known by its form', () => {
  for (const good of ['localhost', 'LOCALHOST:80', '127.0.0.1:7232', '[::1]:7232', '192.168.1.5', 'box:7232', 'Box']) {
    expect(isOwnHost(good, ['box']), good).toBe(true)
  }
  for (const bad of [
    undefined,
    '',
    'evil.example:7232',
    'localhost.evil.example',
    '127.0.0.1@evil',
    '[evil]',
    '::1',
    'a:b:c',
  ]) {
    expect(isOwnHost(bad, ['box']), bad).toBe(false)
  }
})
