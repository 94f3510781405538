/** What a process that we started said last, and the error in it. */
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

/**
 * The error in the last words of a process: the sentence that this program writes, or the line of an error that nobody
 * caught; undefined if there is none.
 */
export function errorIn(said: string): string | undefined {
  const [, sentence] = /^pada-native: (.*)/ms.exec(said) ?? []
  return (sentence ?? /^\w*Error\b.*$/m.exec(said)?.[0])?.trimEnd()
}
