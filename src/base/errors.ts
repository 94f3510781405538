/** A mistake that the user can fix. It is shown as one sentence, without a stack. */
export class UserError extends Error {
  /** 1 for failed work, 2 for wrong usage. */
  readonly exitCode: 1 | 2

  /** `exitCode` is the exit code of a command that shows the error. */
  constructor(message: string, exitCode: 1 | 2 = 1) {
    super(message)
    this.name = 'UserError'
    this.exitCode = exitCode
  }
}

/**
 * A {@link UserError} in the project's one form: “Expected ALLOWED for NAME but received RECEIVED”.
 *
 * @param allowed Allowed values, read after “Expected”.
 * @param name Name of the setting, option, file or tensor that is wrong.
 * @param received The wrong value, shown as JavaScript converts it to text.
 * @param exitCode See {@link UserError.exitCode}.
 */
export function expected(allowed: string, name: string, received: unknown, exitCode: 1 | 2 = 1): UserError {
  return new UserError(`Expected ${allowed} for ${name} but received ${received}`, exitCode)
}

/** True if an error reports an aborted signal. */
export function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === 'AbortError'
}
