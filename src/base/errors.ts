/** A mistake the user can mend: shown as one sentence, without a stack. */
export class UserError extends Error {
  /** 1 for failed work, 2 for wrong usage. */
  readonly exitCode: 1 | 2

  /** `exitCode` is what a command ends with that shows the error. */
  constructor(message: string, exitCode: 1 | 2 = 1) {
    super(message)
    this.name = 'UserError'
    this.exitCode = exitCode
  }
}

/**
 * A {@link UserError} in the project's one form: “Expected WHAT for NAME but received RECEIVED”.
 *
 * @param what What is allowed, to be read after “Expected”.
 * @param name What was given wrongly: a setting, an option, a file, a tensor.
 * @param received What was given; numbers and the like as JavaScript writes them.
 * @param exitCode See {@link UserError.exitCode}.
 */
export function expected(what: string, name: string, received: unknown, exitCode: 1 | 2 = 1): UserError {
  return new UserError(`Expected ${what} for ${name} but received ${received}`, exitCode)
}
