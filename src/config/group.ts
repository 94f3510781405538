import { z } from 'zod'

/** An object with known keys only. Any other key is a mistake, most often a misspelling. */
export function group<Shape extends z.ZodRawShape>(shape: Shape) {
  const error = (issue: z.core.$ZodRawIssue) =>
    issue.code === 'unrecognized_keys' ? `only ${Object.keys(shape).join(', ')}` : undefined
  return z.strictObject(shape, { error })
}

export const count = z.int().min(1)
/** Number of cells or layers one after the other. Without a limit, a slip of the hand would fill the memory. */
export const depth = count.max(1000)
/** Channels of a layer. */
export const channelCount = count.max(2 ** 16)
export const positive = z.number().positive()
export const share = z.number().min(0).max(1)

/** Settings as functions take them: read-only, because functions do not change them. */
export type Immutable<T> = T extends readonly (infer Item)[]
  ? readonly Immutable<Item>[]
  : T extends object
    ? { readonly [Key in keyof T]: Immutable<T[Key]> }
    : T
