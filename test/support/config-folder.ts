/** A folder of configurations, for tests of how they are read. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll } from 'vitest'
import { refusalOf } from './refusal.js'

/** Makes the folder before the tests of a file, and removes it after them. */
export function configFolder() {
  let folder: string
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'config-'))
  })
  afterAll(() => rmSync(folder, { recursive: true }))

  return {
    /** Its path, within tests. */
    get folder() {
      return folder
    },
    /** Writes a configuration, and returns its path. */
    file(text: string, name = 'my-search.yaml'): string {
      writeFileSync(join(folder, name), text)
      return join(folder, name)
    },
    /** The message of a refusal, with names of files instead of paths. */
    async refusal(work: () => unknown): Promise<string> {
      return (await refusalOf(work)).replaceAll(`${folder}/`, '')
    },
  }
}
