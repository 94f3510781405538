import { readFileSync } from 'node:fs'

/** Whether a process lives, on Linux. A zombie, whom no one waits for in a container, does not. */
export function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
  }
}
