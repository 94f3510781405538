import { defineConfig } from 'vitest/config'

/** Tests that load the addon run in one process, one file after the other: they share its threads and its memory. */
const oneProcess = { pool: 'forks', fileParallelism: false, testTimeout: 120_000, hookTimeout: 120_000 } as const

export default defineConfig({
  test: {
    projects: [
      { test: { name: 'unit', include: ['test/unit/**/*.test.ts'], testTimeout: 30_000 } },
      { test: { name: 'native', include: ['test/native/**/*.test.ts'], ...oneProcess } },
      { test: { name: 'cli', include: ['test/cli/**/*.test.ts'], ...oneProcess } },
    ],
  },
})
