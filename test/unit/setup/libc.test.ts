import { describe, expect, it } from 'vitest'
import { checkLibc } from '../../../src/setup/libc.js'

describe('checkLibc', () => {
  it.each(['2.28', '2.36', '2.100', '3.0'])('is content with glibc %s', (version) => {
    checkLibc(version)
  })

  it.each(['2.17', '2.27', '1.99'])('refuses glibc %s', (version) => {
    expect(() => checkLibc(version)).toThrow(
      `libtorch needs glibc 2.28 or newer, and this system has ${version}: use a newer one, or an older libtorch with LIBTORCH`,
    )
  })

  it('refuses musl, of which Node reports no glibc', () => {
    const { getReport } = process.report
    process.report.getReport = () => ({ header: {} })
    try {
      expect(() => checkLibc()).toThrow('and this system has another C library (musl): use one with glibc')
    } finally {
      process.report.getReport = getReport
    }
  })
})
