import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, it } from 'vitest'
import { cpuQuota } from '../../../src/base/cpu-quota.js'
import { temporaryFolder } from '../../support/folders.js'

/** What a machine with these files and this `/proc/self/cgroup` allows. */
function quota(own: string, files: Record<string, string>): number | undefined {
  const folder = temporaryFolder()
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), `${text}\n`)
  }
  writeFileSync(join(folder, 'own'), `${own}\n`)
  return cpuQuota(folder, join(folder, 'own'))
}

it('reads the quota of a container, version 2', () => {
  expect(quota('0::/', { 'cpu.max': '200000 100000' })).toBe(2)
  expect(quota('0::/', { 'cpu.max': '150000 100000' })).toBe(2)
  expect(quota('0::/', { 'cpu.max': '5000 100000' })).toBe(1)
  expect(quota('0::/', { 'cpu.max': 'max 100000' })).toBeUndefined()
})

it('takes the smallest of the groups around it', () => {
  const files = { 'a/cpu.max': '300000 100000', 'a/b/cpu.max': 'max 100000', 'a/b/c/cpu.max': '800000 100000' }
  expect(quota('0::/a/b/c', files)).toBe(3)
  expect(quota('0::/elsewhere', files)).toBeUndefined()
})

it('reads version 1, in which a group of the host may be hidden', () => {
  const files = { 'cpu/cpu.cfs_quota_us': '400000', 'cpu/cpu.cfs_period_us': '100000' }
  expect(quota('5:memory:/x\n4:cpu,cpuacct:/docker/0123', files)).toBe(4)
  expect(quota('5:memory:/x', files)).toBeUndefined()
  expect(quota('4:cpu:/', { ...files, 'cpu/cpu.cfs_quota_us': '-1' })).toBeUndefined()
})

it('knows no quota where there are no control groups', () => {
  expect(cpuQuota('/nonexistent', '/nonexistent')).toBeUndefined()
})
