/** The Python whose torch is tried, and whose pip downloads torch. */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { environment } from '../base/environment.js'

export function pythonCommand(): string {
  return environment().python ?? 'python3'
}

/** Folder of the torch package that Python would import, found without an import. Throws an Error if there is none. */
export async function pythonTorch(): Promise<string> {
  const script =
    'import importlib.util as u; s = u.find_spec("torch"); print(s.submodule_search_locations[0] if s else "")'
  const folder = (await python(['-c', script])).trim()
  if (folder === '') throw new Error(`${pythonCommand()} has no torch`)
  return folder
}

export async function pythonVersion(): Promise<string> {
  return (await python(['--version'])).trim()
}

export async function pipVersion(): Promise<string> {
  return (await python(['-m', 'pip', '--version'])).trim().split(' ').slice(0, 2).join(' ')
}

async function python(args: readonly string[]): Promise<string> {
  const command = pythonCommand()
  try {
    return (await promisify(execFile)(command, args)).stdout
  } catch (error) {
    const { code, stderr } = error as { code?: unknown; stderr?: string }
    if (code === 'ENOENT') throw new Error(`${command} was not found`)
    throw new Error(`${command} failed: ${stderr?.trim().split('\n').at(-1) ?? code}`)
  }
}
