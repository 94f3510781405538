/** The file of a retraining's best weights names the settings that they were trained with, as its checkpoint does. */
import { expected } from '../base/errors.js'
import { parseRetrainConfig, type RetrainConfig, type RetrainInput } from '../config/index.js'
import { isGroup } from '../config/settings.js'
import { settingDifferences } from './continuation.js'

const KEY = 'settings'

/** Settings as metadata of the file. */
export function settingsAsMetadata(settings: RetrainConfig): Readonly<Record<string, string>> {
  return { [KEY]: JSON.stringify(settings) }
}

/**
 * Throws a UserError if a file with this metadata was made with other settings than those of its run. Files of earlier
 * versions do not tell.
 */
export function checkBestWeights(
  file: string,
  metadata: ReadonlyMap<string, string> | undefined,
  settings: RetrainConfig,
): void {
  const text = metadata?.get(KEY)
  if (text === undefined) return
  const differences = settingDifferences(trainedWith(text, file), settings)
  if (differences.length === 0) return
  throw expected('the best weights of its own run', file, `those of other settings: ${differences.join('; ')}`)
}

function trainedWith(text: string, file: string): RetrainConfig {
  let settings: unknown
  try {
    settings = JSON.parse(text)
  } catch {
    // It is refused below.
  }
  if (!isGroup(settings)) throw expected('the settings of a retraining', `the metadata of ${file}`, 'other text')
  return parseRetrainConfig(settings as RetrainInput)
}
