import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { isAbort } from '../../../src/base/errors.js'
import { onInterrupt } from '../../../src/cli/signals.js'

const exit = vi.spyOn(process, 'exit').mockImplementation(() => undefined as never)

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
  exit.mockClear()
})

test.each(['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2'] as const)(
  'the first %s aborts, a later one ends the process',
  (signal) => {
    const said: string[] = []
    using interruption = onInterrupt((line) => said.push(line))
    process.emit(signal, signal)
    expect(interruption.signal.aborted).toBe(true)
    expect(isAbort(interruption.signal.reason)).toBe(true)
    expect(interruption.signal.reason.message).toBe(`interrupted by ${signal}`)
    expect(said).toHaveLength(1)

    // npx passes on what the terminal has sent already: one Ctrl-C, two signals.
    vi.advanceTimersByTime(20)
    process.emit(signal, signal)
    expect(exit).not.toHaveBeenCalled()

    vi.advanceTimersByTime(1000)
    process.emit(signal, signal)
    expect(exit).toHaveBeenCalledExactlyOnceWith(130)
  },
)

test('signals are left alone afterwards', () => {
  const before = process.listenerCount('SIGINT')
  onInterrupt(() => {})[Symbol.dispose]()
  expect(process.listenerCount('SIGINT')).toBe(before)
})
