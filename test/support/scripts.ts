/** Runs the scripts of the repository as developers do: as processes of their own. */
import { execFile } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { temporaryFolder } from './folders.js'

export const scripts = fileURLToPath(new URL('../../scripts', import.meta.url))

export interface ScriptOutcome {
  readonly code: number | string | null | undefined
  readonly stdout: string
  readonly stderr: string
}

/** A file of a folder of the test's own. */
export function file(name: string, content: string | Uint8Array): string {
  const path = join(temporaryFolder(), name)
  writeFileSync(path, content)
  return path
}

/** Runs a file of scripts/ with Node. */
export function script(file: string, args: readonly string[] = [], env: NodeJS.ProcessEnv = {}) {
  return program(process.execPath, [join(scripts, file), ...args], env)
}

/** Runs a program to its end, whatever its exit code is. */
export function program(command: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<ScriptOutcome> {
  const options = { env: { ...process.env, NO_COLOR: '1', ...env }, maxBuffer: 2 ** 26 }
  return new Promise((resolve) => {
    execFile(command, args, options, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : error.code, stdout, stderr })
    })
  })
}
