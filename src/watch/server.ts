/**
 * A small server for one page, by node:http: five kinds of requests need no framework. It reads run folders and writes
 * nothing.
 */
import { randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { hostname } from 'node:os'
import { resolve } from 'node:path'
import { expected, UserError } from '../base/errors.js'
import { HEADERS, isOwnHost } from './access.js'
import { drawBest } from './drawing.js'
import { isFolder } from './find-runs.js'
import { FollowedFolder } from './followed-folder.js'
import { Listeners } from './listeners.js'
import type { HelloMessage } from './messages.js'
import { type PageFile, readPageFiles } from './page-files.js'
import { encodeSeries } from './series.js'

/** What to watch, and where. */
export interface WatchOptions {
  /** A run folder, or a folder with runs below it. */
  readonly folder: string
  /** 0 takes any free one. */
  readonly port: number
  /** Address or name to listen at; by default this machine's own programs are let in only. */
  readonly host?: string
}

/** A running server. */
export interface Watch extends AsyncDisposable {
  readonly url: string
  /** Ends all connections. A second call does nothing. */
  close(): Promise<void>
}

/**
 * Serves a page that shows runs while they run.
 *
 * @throws UserError for a folder that does not exist, and for an address or a port that cannot be had.
 */
export async function watch({ folder, port, host = '127.0.0.1' }: WatchOptions): Promise<Watch> {
  if (!(await isFolder(folder))) throw expected('a run folder or a folder of runs', 'watch', folder, 2)
  const files = await readPageFiles()
  const listeners = new Listeners()
  const followed = new FollowedFolder(folder, (message) => listeners.send(message))
  const instance = randomUUID()
  const hello = (): HelloMessage => ({
    message: 'hello',
    instance,
    folder: resolve(folder),
    runs: followed.runs.map((run) => run.overview()),
    plans: followed.plans,
  })
  const known = [host, hostname()]
  const server = createServer((request, response) => {
    answer(request, response, { files, followed, known, listen: () => listeners.add(response, hello()) }).catch(
      (error) => fail(response, 500, error instanceof UserError ? error.message : 'Internal error'),
    )
  })
  await new Promise<void>((listening, reject) => {
    server.once('error', (error) => reject(unavailable(error, host, port)))
    server.listen(port, host, listening)
  })
  const stop = new AbortController()
  const following = followed.follow(stop.signal)
  let closed: Promise<void> | undefined
  const close = () => {
    closed ??= (async () => {
      stop.abort()
      server.close()
      server.closeAllConnections()
      await following
    })()
    return closed
  }
  const { address, family, port: taken } = server.address() as AddressInfo
  const url = `http://${family === 'IPv6' ? `[${address}]` : address}:${taken}/`
  return { url, close, [Symbol.asyncDispose]: close }
}

interface Site {
  readonly files: ReadonlyMap<string, PageFile>
  readonly followed: FollowedFolder
  /** Names of this server beside addresses and `localhost`. */
  readonly known: readonly string[]
  /** Makes the answer a stream of events. */
  listen(): void
}

const OTHER_HOST =
  "Expected a numeric address, localhost or this machine's name in the address; watch --host NAME lets another name in"

async function answer(request: IncomingMessage, response: ServerResponse, site: Site): Promise<void> {
  for (const [name, value] of Object.entries(HEADERS)) response.setHeader(name, value)
  if (!isOwnHost(request.headers.host, site.known)) return fail(response, 403, OTHER_HOST)
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.setHeader('Allow', 'GET, HEAD')
    return fail(response, 405, 'Expected GET or HEAD')
  }
  // `url` may be a whole URL or begin with several slashes: only its path counts, as it is written.
  const [path, query = ''] = (request.url ?? '').split('?', 2)
  const parameters = new URLSearchParams(query)
  const file = site.files.get(path)
  if (file !== undefined) return succeed(response, file.type, file.content)
  if (path === '/api/events') {
    return request.method === 'HEAD' ? succeed(response, 'text/event-stream', Buffer.alloc(0)) : site.listen()
  }
  const run = site.followed.run(parameters.get('run') ?? '')
  if (run !== undefined && path === '/api/series') {
    const steps = parameters.get('series') === 'steps'
    const [series, { generation }] = steps ? [run.steps.series, run.steps] : [run.log.epochs, run.log]
    const from = Math.min(series.rows, Math.max(0, Math.trunc(Number(parameters.get('from') ?? 0)) || 0))
    return succeed(response, 'application/octet-stream', encodeSeries(series, from, { generation }))
  }
  if (run !== undefined && path === '/api/drawing') {
    const svg = await drawBest(run)
    if (svg !== undefined) return succeed(response, 'image/svg+xml', Buffer.from(svg))
  }
  fail(response, 404, 'Not found')
}

/** Node writes no body in answer to HEAD. */
function succeed(response: ServerResponse, type: string, content: Buffer): void {
  response.writeHead(200, { 'Content-Type': type, 'Content-Length': content.length })
  response.end(content)
}

function fail(response: ServerResponse, status: number, message: string): void {
  if (response.headersSent) {
    response.destroy()
    return
  }
  response.writeHead(status, { 'Content-Type': 'text/plain; charset=utf-8' })
  response.end(`${message}\n`)
}

function unavailable(error: NodeJS.ErrnoException, host: string, port: number): UserError {
  if (error.code === 'EADDRINUSE') {
    return new UserError(`Expected a free port but another process listens at ${port}; --port 0 takes any free one`)
  }
  if (error.code === 'EACCES') return new UserError(`Expected a port that you may use but the system refused ${port}`)
  return expected('an address of this machine', '--host', `${host} (${error.code})`, 2)
}
