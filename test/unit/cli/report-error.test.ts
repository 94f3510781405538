import { expect, it } from 'vitest'
import { UserError } from '../../../src/base/errors.js'
import { reportError } from '../../../src/cli/report-error.js'

function reported(error: Error): string {
  const lines: string[] = []
  expect(reportError(error, { debug: false, write: (line) => lines.push(line) })).toBe(1)
  return lines.join('\n')
}

it('leaves out the middle of a line that quotes a long value, and keeps its end', () => {
  const line = reported(new UserError(`Expected a path but received ${'3,'.repeat(50_000)}; name another`))
  expect(line.length).toBeLessThan(2_100)
  expect(line).toMatch(
    /^pada-native: Expected a path but received 3,3,.*… \(98043 more characters\) ….*3,; name another$/,
  )
})

it('leaves every line of a list of problems whole', () => {
  const problems = Array.from({ length: 300 }, (_, i) => `  problem ${i}`).join('\n')
  expect(reported(new UserError(problems))).toBe(`pada-native: ${problems}`)
})
