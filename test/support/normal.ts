/** Pearson's χ² of values against the standard normal distribution, in `classes` bins of equal probability. */
export function chiSquareNormal(values: readonly number[], classes: number): number {
  const counts = new Array<number>(classes).fill(0)
  for (const value of values) counts[Math.min(classes - 1, Math.floor(classes * normalCdf(value)))]++
  const expected = values.length / classes
  return counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0)
}

/** Simpson's rule from 0; the error is below 1e-8. */
function normalCdf(x: number): number {
  const bound = Math.max(-8, Math.min(8, x))
  const intervals = 200
  const width = bound / intervals
  let sum = 0
  for (let i = 0; i <= intervals; i++) {
    const weight = i === 0 || i === intervals ? 1 : i % 2 === 1 ? 4 : 2
    sum += weight * Math.exp(-0.5 * (i * width) ** 2)
  }
  return 0.5 + (sum * width) / 3 / Math.sqrt(2 * Math.PI)
}
