/** What a process that we started said last. */
import type { Readable } from 'node:stream'

/** Characters that are kept. */
const KEPT = 4_096

/** Reads what a process writes for people, to its end, and keeps the last part; the function returns it. */
export function lastWords(stream: Readable): () => string {
  let said = ''
  stream.setEncoding('utf8').on('data', (text) => {
    said = (said + text).slice(-KEPT)
  })
  return () => said
}
