import { errorSentence } from '../base/error-sentence.js'
import { isAbort, UserError } from '../base/errors.js'
import { INTERRUPTED } from './signals.js'

/**
 * Writes an error as the one sentence that the user sees; nothing else does. With `debug`, stack and causes follow.
 * Returns the exit code: 1 failed, 2 wrong usage, 130 interrupted.
 */
export function reportError(error: unknown, options: { debug: boolean; write: (line: string) => void }): number {
  if (isAbort(error)) return INTERRUPTED
  options.write(`pada-native: ${errorSentence(error)}`)
  if (options.debug && error instanceof Error) options.write(stackOf(error))
  return error instanceof UserError ? error.exitCode : 1
}

function stackOf(error: Error): string {
  const stack = error.stack ?? String(error)
  return error.cause instanceof Error ? `${stack}\nCaused by ${stackOf(error.cause)}` : stack
}
