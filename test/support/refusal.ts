import { expect } from 'vitest'
import { UserError } from '../../src/base/errors.js'

/** The {@link UserError} by which work is refused. */
export async function refusal(promise: Promise<unknown>): Promise<UserError> {
  const error = await promise.catch((reason: unknown) => reason)
  expect(error).toBeInstanceOf(UserError)
  return error as UserError
}

/** The message by which work is refused as wrong usage, with exit code 2. */
export async function refusalOf(work: () => unknown): Promise<string> {
  const error = await Promise.resolve()
    .then(work)
    .catch((reason: unknown) => reason)
  expect(error).toBeInstanceOf(UserError)
  expect((error as UserError).exitCode).toBe(2)
  return (error as UserError).message
}
