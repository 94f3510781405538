/** Settings of commands that can do without the images of a data set. */
import { type Config, type ConfigInput, EMBEDDED, loadConfig, writtenSettings } from '../config/index.js'
import { isGroup } from '../config/settings.js'
import { CIFAR10_FOLDER, PAPER_CONFIG } from './options.js'

/**
 * Loads settings, by default those of the paper's search. If the data lie in files, but nothing says where, the folder is
 * that of CIFAR-10's archive, because the folder need not exist.
 */
export async function loadWithoutImages({
  file = PAPER_CONFIG,
  set,
  overrides,
}: {
  readonly file?: string
  readonly set?: readonly string[]
  readonly overrides?: ConfigInput
}): Promise<Config> {
  const { data } = await writtenSettings({ file, set, overrides })
  const inFiles = isGroup(data) && data.format !== undefined && data.format !== EMBEDDED
  const place = inFiles && data.dir === undefined ? { data: { dir: CIFAR10_FOLDER } } : {}
  return loadConfig({ file, set, overrides: { ...overrides, ...place } })
}
