/** The cores that a process may use. */
import { readFileSync } from 'node:fs'

/** The cores that this process may use, as Linux lists them, such as `0-7,16`; empty if the system does not tell. */
export function allowedCores(status = '/proc/self/status'): string {
  try {
    return /^Cpus_allowed_list:\s*(.*)$/m.exec(readFileSync(status, 'utf8'))?.[1] ?? ''
  } catch {
    return ''
  }
}
