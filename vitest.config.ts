import { defineConfig } from 'vitest/config'

/**
 * No test asks how long it takes: these limits are for those that hang, and far above what any other takes on a machine
 * that is busy.
 */
const limit = (minutes: number) => ({ testTimeout: minutes * 60_000, hookTimeout: minutes * 60_000 })

/**
 * Tests that load the addon run in one process at a time, one file after the other, and after the unit tests: native
 * threads of several processes on the same cores would only slow each other down.
 */
const alone = (groupOrder: number) =>
  ({
    pool: 'forks',
    fileParallelism: false,
    ...limit(10),
    sequence: { groupOrder },
  }) as const

/** PADA_TEST_DEVICE=cuda runs the native tests on a GPU. */
const setupFiles = process.env.PADA_TEST_DEVICE === undefined ? [] : ['test/support/test-device.ts']

export default defineConfig({
  test: {
    projects: [
      { test: { name: 'unit', include: ['test/unit/**/*.test.ts'], ...limit(3), sequence: { groupOrder: 0 } } },
      { test: { name: 'native', include: ['test/native/**/*.test.ts'], setupFiles, ...alone(1) } },
      { test: { name: 'cli', include: ['test/cli/**/*.test.ts'], ...alone(2) } },
    ],
  },
})
