/** Counts files and folders that are no images of a class, by their suffixes. */
import { extname } from 'node:path'

/** Numbers by suffix. */
export type PassedOver = ReadonlyMap<string, number>

/** Counts one more. */
export function passOver(name: string, counts: Map<string, number>): void {
  addTo(counts, extname(name).toLowerCase() || 'without suffix', 1)
}

/** Adds the numbers of `more` to `counts`. */
export function addCounts(counts: Map<string, number>, more: PassedOver): void {
  for (const [suffix, count] of more) addTo(counts, suffix, count)
}

/** The numbers in words, such as `20 .gif, 1 without suffix`; empty without any. */
export function countsBySuffix(counts: PassedOver): string {
  return [...counts].map(([suffix, count]) => `${count} ${suffix}`).join(', ')
}

function addTo(counts: Map<string, number>, suffix: string, count: number): void {
  counts.set(suffix, (counts.get(suffix) ?? 0) + count)
}
