/** The share of the processors that a container gives, which neither Node nor torch counts as fewer processors. */
import { readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { dirname, join } from 'node:path'

/**
 * Number of processors that the quota of this process's control group allows, rounded up; undefined without a quota. The
 * groups around it may have smaller ones. `groups` is the mounted hierarchy, `own` the file that says where the process is.
 */
export function cpuQuota(groups = '/sys/fs/cgroup', own = '/proc/self/cgroup'): number | undefined {
  const quotas: number[] = []
  for (const line of (read(own) ?? '').split('\n')) {
    // `0::/path` in version 2, `4:cpu,cpuacct:/path` in version 1.
    const [, controllers, path] = /^\d+:([^:]*):(.*)$/.exec(line) ?? []
    if (path === undefined) continue
    const hierarchy = controllers === '' ? groups : join(groups, 'cpu')
    if (controllers !== '' && !controllers.split(',').includes('cpu')) continue
    for (let group = path; ; group = dirname(group)) {
      const quota = quotaOf(join(hierarchy, group))
      if (quota !== undefined) quotas.push(quota)
      if (dirname(group) === group) break
    }
  }
  return quotas.length === 0 ? undefined : Math.max(1, Math.ceil(Math.min(...quotas)))
}

/** Number of processors that this process can keep busy: those that it may use, within the quota. */
export function usableCores(): number {
  return Math.min(availableParallelism(), cpuQuota() ?? Number.POSITIVE_INFINITY)
}

/** Processors that one group allows; undefined if it sets no limit, or is hidden from the container. */
function quotaOf(group: string): number | undefined {
  const [quota, period] =
    read(join(group, 'cpu.max'))?.split(' ') ??
    ['cpu.cfs_quota_us', 'cpu.cfs_period_us'].map((name) => read(join(group, name)) ?? '')
  const processors = Number(quota) / Number(period)
  // `max` and −1 are no limits.
  return quota !== '' && processors > 0 ? processors : undefined
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8').trim()
  } catch {
    return undefined
  }
}
