import { placeOf } from '../distributed/index.js'

/** True for a process that works alone, and for the first of several. */
export function isFirstProcess(): boolean {
  return (placeOf(process.env)?.rank ?? 0) === 0
}
