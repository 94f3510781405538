import type { ServerResponse } from 'node:http'
import type { Message } from './messages.js'

/** Bytes that wait for a listener before it is cut off. Its page connects again and asks for what it lacks. */
const BACKLOG = 8 << 20
/** Milliseconds between two signs of life, so that proxies and browsers keep a silent connection. */
const HEARTBEAT = 15_000

/** Open connections of server-sent events. */
export class Listeners {
  readonly #open = new Set<ServerResponse>()

  /** Makes an answer a stream of events, which begins with `first`. */
  add(response: ServerResponse, first: Message): void {
    response.writeHead(200, { 'Content-Type': 'text/event-stream; charset=utf-8' })
    // The page connects again after a second.
    response.write(`retry: 1000\n\n${encode(first)}`)
    this.#open.add(response)
    const heart = setInterval(() => response.write(':\n\n'), HEARTBEAT)
    response.on('close', () => {
      clearInterval(heart)
      this.#open.delete(response)
    })
  }

  send(message: Message): void {
    if (this.#open.size === 0) return
    const text = encode(message)
    for (const response of this.#open) {
      if (response.writableLength > BACKLOG) response.destroy()
      else response.write(text)
    }
  }
}

/** JSON has no line breaks, which would end the data of an event. */
function encode(message: Message): string {
  return `data: ${JSON.stringify(message)}\n\n`
}
