/** The known name that a misspelt one means. */

/** Most mistakes for which a name is still taken for another one. */
const MOST_MISTAKES = 2

/**
 * The name that is nearest to `written`: at most two letters are wrong, missing, too many or swapped, and fewer than half
 * of them. Undefined if there is none.
 */
export function nearest(written: string, names: readonly string[]): string | undefined {
  const [best] = names
    .map((name) => ({ name, mistakes: distance(written, name) }))
    .filter(({ mistakes }) => mistakes <= MOST_MISTAKES && 2 * mistakes < written.length)
    .sort((a, b) => a.mistakes - b.mistakes)
  return best?.name
}

/** Optimal string alignment distance: Levenshtein's, in which swapped neighbours count once. */
function distance(a: string, b: string): number {
  let earlier: number[] = []
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const replaced = previous[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1)
      row[j] = Math.min(previous[j] + 1, row[j - 1] + 1, replaced)
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        row[j] = Math.min(row[j], earlier[j - 2] + 1)
    }
    earlier = previous
    previous = row
  }
  return previous[b.length]
}
