import { defineConfig } from 'vitest/config'

/**
 * Tests that load the addon run in one process at a time, one file after the other, and after the unit tests: native
 * threads of several processes on the same cores would only slow each other down, and timings would mean nothing.
 */
const alone = (groupOrder: number) =>
  ({
    pool: 'forks',
    fileParallelism: false,
    testTimeout: 120_000,
    hookTimeout: 120_000,
    sequence: { groupOrder },
  }) as const

export default defineConfig({
  test: {
    projects: [
      { test: { name: 'unit', include: ['test/unit/**/*.test.ts'], testTimeout: 30_000, sequence: { groupOrder: 0 } } },
      { test: { name: 'native', include: ['test/native/**/*.test.ts'], ...alone(1) } },
      { test: { name: 'cli', include: ['test/cli/**/*.test.ts'], ...alone(2) } },
    ],
  },
})
