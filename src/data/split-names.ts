/** Decides which splits of a data set's files are its validation and its test images. */
import { expected } from '../base/errors.js'
import type { DataConfig } from '../config/schema.js'

/** Names that mean images held out by the authors. Any other name counts only if the settings give it. */
export const VALIDATION_NAMES: readonly string[] = ['val', 'valid', 'validation']
/** Value of `data.validation` that leaves all validation splits unused. */
const NONE = 'none'

/** Settings that choose splits. */
export type SplitSettings = Pick<DataConfig, 'test' | 'validation' | 'validationCount'>

/** Names of the splits in the files, and sentences about what decided it and what is unused. */
export interface SplitChoice {
  readonly test: string
  readonly validation?: string
  readonly notes: readonly string[]
}

/**
 * Chooses among the splits that lie beside `train`. If there are both a test and a validation split, each is what its
 * name says. A validation split without a test split is the test split.
 *
 * @param present Names of the splits beside `train`.
 * @param place The files, for messages.
 * @throws UserError for names that are not there, without any split to test on, and for two splits of one purpose.
 */
export function chooseSplits(
  present: readonly string[],
  settings: SplitSettings = {},
  place = 'the files',
): SplitChoice {
  const { validation: wanted, validationCount } = settings
  for (const key of ['test', 'validation'] as const) {
    const name = settings[key]
    if (name === undefined || present.includes(name) || (key === 'validation' && name === NONE)) continue
    throw expected(present.join(', ') || 'no name', `data.${key}`, `${name}, which is not in ${place}`, 2)
  }
  const held = present.filter((name) => VALIDATION_NAMES.includes(name) && name !== settings.test)
  const others = held.filter((name) => name !== wanted)
  const given = settings.test ?? present.find((name) => name === 'test')
  const test = given ?? only(others, 'data.test', place)
  if (test !== undefined && test === wanted) {
    throw expected(`another split than ${test}, the test split,`, 'data.validation', wanted, 2)
  }
  if (test === undefined) {
    const received = `${present.join(', ') || 'none'} in ${place}`
    const beside = wanted === undefined || wanted === NONE ? 'train' : `train and ${wanted}`
    throw expected(`a split test or val beside ${beside}`, 'the test images', received)
  }
  const isNamed = wanted !== undefined && wanted !== NONE
  const free = wanted === NONE || validationCount !== undefined ? [] : held.filter((name) => name !== test)
  const validation = isNamed ? wanted : only(free, 'data.validation', place)
  const notes = given === undefined ? [`${test} is the test split, because there is no split test`] : []
  for (const name of present) {
    if (name !== test && name !== validation) notes.push(`${name} is not used${reason(name, settings)}`)
  }
  return { test, ...(validation !== undefined && { validation }), notes }
}

/** The only name; undefined if there is none. Two names are refused: nothing tells which is meant. */
function only(names: readonly string[], setting: string, place: string): string | undefined {
  if (names.length > 1) throw expected(names.join(' or '), setting, `none, and ${place} has both`, 2)
  return names[0]
}

function reason(name: string, { validation, validationCount }: SplitSettings): string {
  if (!VALIDATION_NAMES.includes(name)) return ''
  if (validation !== undefined) return `, because data.validation is ${validation}`
  return validationCount === undefined ? '' : ', because data.validationCount holds out training images instead'
}
