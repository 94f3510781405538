/** Settings in YAML, from files and from assignments. */
import { readFile, stat } from 'node:fs/promises'
import { type Document, isScalar, parseDocument, visit } from 'yaml'
import { expected, UserError } from '../base/errors.js'
import { whyUnreadable } from '../base/files.js'
import { FORBIDDEN_KEY, isGroup, type Settings } from './settings.js'

/** Far above any settings; a file of weights is larger. */
const MOST_BYTES = 2 ** 20

/** Reads a group of settings from a YAML file, which the user named by `option`. An empty file is an empty group. */
export async function readSettings(file: string, option: string): Promise<Settings> {
  const settings = (await readYaml(file, option)) ?? {}
  if (isGroup(settings)) return settings
  throw new UserError(`Expected a group of settings in ${file} but received ${JSON.stringify(settings)}`, 2)
}

/** Reads the value in a YAML file, which the user named by `option`; null or undefined for an empty file. */
export async function readYaml(file: string, option: string): Promise<unknown> {
  const unreadable = (error: NodeJS.ErrnoException) => {
    const hint = error.code === 'ENOENT' ? '; npx pada-native config --list names those of the package' : ''
    throw expected('a readable YAML file', option, `${whyUnreadable(error)}: ${file}${hint}`, 2)
  }
  const { size } = await stat(file).catch(unreadable)
  if (size > MOST_BYTES) throw expected('a YAML file of at most 1 MB', option, `${size} bytes: ${file}`, 2)
  return parseYaml(textOf(await readFile(file).catch(unreadable), file), file)
}

function textOf(bytes: Uint8Array, file: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw expected('YAML in UTF-8', file, 'bytes that are no such text', 2)
  }
}

/** Reads YAML; `source` names the text in the error of damaged YAML. */
export function parseYaml(text: string, source: string): unknown {
  // Settings are texts, numbers, lists and groups: no bytes, sets or dates.
  const document = parseDocument(text, { resolveKnownTags: false })
  const [error] = document.errors
  if (error?.code === 'MULTIPLE_DOCS') throw expected('one YAML document', source, 'several, with --- between them', 2)
  if (error !== undefined) {
    const line = error.linePos === undefined ? '' : ` in line ${error.linePos[0].line}`
    const reason = error.message.split('\n')[0].replace(/ at line .*$/, '')
    throw expected('valid YAML', source, `an error${line}: ${reason}`, 2)
  }
  checkKeys(document, source)
  return plainValue(document, source)
}

function checkKeys(document: Document, source: string): void {
  visit(document, {
    Pair(_, { key }) {
      if (!isScalar(key)) throw expected('text for every key', source, 'a key that is a list or a group', 2)
      if (key.value === FORBIDDEN_KEY) throw expected('the names of settings', source, `"${FORBIDDEN_KEY}"`, 2)
    },
  })
}

/** The value of a document, whose aliases may be damaged. */
function plainValue(document: Document, source: string): unknown {
  try {
    const value: unknown = document.toJS()
    JSON.stringify(value)
    return value
  } catch (error) {
    const reason = error instanceof TypeError ? 'a value that contains itself' : (error as Error).message
    throw expected('valid YAML', source, `an error: ${reason}`, 2)
  }
}
