import { defineConfig } from 'vitest/config'

/**
 * No test asks how long it takes: these limits are for those that hang, and far above what any other takes on a machine
 * that is busy.
 */
const limit = (minutes: number) => ({ testTimeout: minutes * 60_000, hookTimeout: minutes * 60_000 })

/**
 * Tests that load the addon run after the unit tests, two files at a time. More would only slow each other down, because
 * each of them computes with threads on all cores; those that wait sleep, so that others compute. Tests of commands run
 * after them, three at a time, because they also wait for processes, locks and signals. A GPU is one test's at a time.
 */
const device = process.env.PADA_TEST_DEVICE
const workers = (most: number) => (device === undefined ? most : 1)
const native = {
  pool: 'forks',
  maxWorkers: workers(2),
  env: { OMP_WAIT_POLICY: 'passive' },
  ...limit(10),
  sequence: { groupOrder: 1 },
} as const

/** PADA_TEST_DEVICE=cuda runs the native tests on a GPU. */
const setupFiles = device === undefined ? [] : ['test/support/test-device.ts']

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/unit/**/*.test.ts'],
          ...limit(3),
          // By default, vitest leaves a core free: on two cores, half of them.
          maxWorkers: '100%',
          sequence: { groupOrder: 0 },
        },
      },
      { test: { name: 'native', include: ['test/native/**/*.test.ts'], setupFiles, ...native } },
      {
        test: {
          name: 'cli',
          include: ['test/cli/**/*.test.ts'],
          ...native,
          maxWorkers: workers(3),
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
})
