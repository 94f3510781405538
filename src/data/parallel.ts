/**
 * Calls `work` with 0 … `count` − 1 in order, at most `width` calls at a time, which bounds their memory. After a
 * failure, no further call begins.
 *
 * @throws The error of the first call that fails.
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
