/** Chooses the column of a table that belongs to a data set. */
import { UserError } from '../base/errors.js'
import { GENERAL, type Table } from './tables/table.js'

/** Test columns of the data sets of NAS-Bench-201, by the names that tables give them. */
const OF_DATA_SETS: readonly string[] = ['cifar10_test', 'cifar100_test', 'imagenet16_120_test', 'imagenet16_test']

/**
 * The column to read if the settings name none: the data set's own, such as `cifar100_test`, else the usual one.
 *
 * @throws UserError with exit code 2 if only another data set's column is left. Truth of other data would give a rank
 *   correlation that looks like one of these data.
 */
export function columnOfData(table: Table, file: string, dataSet: string): string {
  const { columns, defaultColumn } = table
  const wanted = `${plain(dataSet)}_test`
  // PA&DA's release calls ImageNet16-120 imagenet16.
  const names = wanted === 'imagenet16_120_test' ? [wanted, 'imagenet16_test'] : [wanted]
  const own = columns.find((name) => names.includes(plain(name)))
  if (own !== undefined) return own
  if (!OF_DATA_SETS.includes(plain(defaultColumn))) return defaultColumn
  const general = GENERAL.find((name) => columns.includes(name))
  if (general !== undefined) return general
  const received = columns.length === 0 ? 'no columns' : columns.join(', ')
  const advice = 'groundTruth.column may name a column of other data'
  throw new UserError(
    `Expected a column "${wanted}" or "${GENERAL[0]}" in ${file} but received ${received}; ${advice}`,
    2,
  )
}

/** A name in lower case, with one underscore between its parts. */
function plain(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9]+/g, '_')
}
