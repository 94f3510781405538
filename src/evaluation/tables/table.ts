/** What all ground-truth tables are, whatever their files look like. */
import { UserError } from '../../errors.js'

export interface TableRow {
  /** As the file has it. */
  readonly arch: string
  /** As the file has it; empty where a row lacks it. */
  readonly accuracy: string
  /** Where the row is in the file, for messages: `line 5`. */
  place(): string
}

export interface Table {
  /** What the file is, in words. */
  readonly format: string
  /** Names of the columns beside that of the architecture, in the order of the file. */
  readonly columns: readonly string[]
  /** The column that is read where none is asked for. */
  readonly defaultColumn: string
  /** The rows with their values in `column`, in the order of the file; throws a UserError for a column it lacks. */
  rows(column: string): readonly TableRow[]
  /** For tables that list hashes instead of architectures: accuracy in 0…1 by hash. */
  byHash?(column: string): ReadonlyMap<string, number>
}

/** Index of a column, or a UserError that says which columns there are. */
export function columnIndex(names: readonly string[], column: string, file: string): number {
  const index = names.indexOf(column)
  if (index >= 0) return index
  const received = names.length === 0 ? 'no columns' : names.join(', ')
  throw new UserError(`Expected a column "${column}" in ${file} but received ${received}`)
}
