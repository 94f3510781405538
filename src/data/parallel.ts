/**
 * Calls `work` with 0 … `count` − 1 in order, at most `width` at a time, so that the memory that each call takes is
 * taken `width` times at most. After a failure no further call begins.
 *
 * @throws What the first call to fail throws.
 */
export async function inParallel(count: number, width: number, work: (index: number) => Promise<void>): Promise<void> {
  let next = 0
  const worker = async () => {
    try {
      while (next < count) await work(next++)
    } catch (error) {
      next = count
      throw error
    }
  }
  await Promise.all(Array.from({ length: Math.min(width, count) }, worker))
}
