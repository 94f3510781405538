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
