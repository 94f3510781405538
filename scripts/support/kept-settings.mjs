/** The settings with which the files of a folder are made, kept beside them. */
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { UserError } from 'pada-native'
import { writeAtomically } from '#dist/base/atomic.js'

const NAME = 'settings.json'

/**
 * Keeps the settings in a new folder, or in one that is empty. Refuses a folder whose files are made with other settings.
 *
 * @param {string} folder
 * @param {Record<string, number | string>} settings
 */
export async function keepSettings(folder, settings) {
  const file = join(folder, NAME)
  mkdirSync(folder, { recursive: true })
  if (existsSync(file)) {
    const kept = readFileSync(file, 'utf8')
    if (isDeepStrictEqual(parsed(kept), settings)) return
    throw refusal(folder, settings, kept.trim())
  }
  if (readdirSync(folder).length > 0) throw refusal(folder, settings, `files without a ${NAME}`)
  await writeAtomically(file, `${JSON.stringify(settings)}\n`)
}

/** @param {string} text */
function parsed(text) {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/**
 * @param {string} folder
 * @param {Record<string, number | string>} settings
 * @param {string} received
 */
function refusal(folder, settings, received) {
  return new UserError(
    `Expected files made with ${JSON.stringify(settings)} in ${folder} but received ${received}: name another folder`,
    2,
  )
}
