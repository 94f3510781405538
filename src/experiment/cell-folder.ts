/** What the run folder of a cell says about it: nothing yet, begun, or complete with the settings of today. */
import { readdir, rm } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { UserError } from '../base/errors.js'
import { exists, readText } from '../base/files.js'
import type { Config } from '../config/index.js'
import { savedConfig, settingDifferences } from '../runs/run-folder.js'
import type { EpochEvent, SearchEvent, SearchResult } from '../search/events.js'
import type { Cell } from './plan.js'

/** A complete run. */
export interface CompleteRun {
  readonly epochs: readonly EpochEvent[]
  readonly result: SearchResult
}

export type CellState = { readonly state: 'new' | 'begun' } | ({ readonly state: 'complete' } & CompleteRun)

/** The run folder of a cell in an experiment's folder. */
export function cellFolder(out: string, { id }: Cell): string {
  return join(out, 'cells', id)
}

/**
 * Complete is a run that trained with the settings of the cell to the end and then ranked with them, by whatever command;
 * it is begun where any of that is left to do.
 *
 * @throws UserError where the run was started with other settings of training, which would make it another cell.
 */
export async function readCell(out: string, cell: Cell): Promise<CellState> {
  const folder = cellFolder(out, cell)
  if (!(await exists(join(folder, 'config.yaml')))) {
    await clearLeftovers(folder)
    return { state: 'new' }
  }
  const saved = await savedConfig(folder)
  const different = settingDifferences(saved, cell.config)
  if (different.length > 0) {
    const advice = 'another label, name or --out begins another run'
    throw new UserError(
      `Expected the settings that ${folder} was started with but received others: ${different.join('; ')}; ${advice}`,
      2,
    )
  }
  if (!isDeepStrictEqual(outcomeSettings(saved), outcomeSettings(cell.config))) return { state: 'begun' }
  const events = parseLines(await readText(join(folder, 'events.jsonl')))
  const last = events.at(-1)
  if (last?.event !== 'result' || last.ranked === 0 || last.epochs !== cell.config.training.epochs) {
    return { state: 'begun' }
  }
  const epochs = events.filter((event): event is EpochEvent => event.event === 'epoch')
  return { state: 'complete', epochs, result: last }
}

/** What may change when a run continues and yet decides on its outcome. Where tables lie is not part of it. */
function outcomeSettings({ ranking, finding, groundTruth }: Config): object {
  return { ranking, finding, groundTruth: groundTruth && { ...groundTruth, file: basename(groundTruth.file) } }
}

/** A process that died while it wrote the very first file leaves a part of it, which no run can begin beside. */
async function clearLeftovers(folder: string): Promise<void> {
  const names = await readdir(folder).catch(() => [])
  if (!names.every((name) => /^config\.yaml\.\d+\.tmp$/.test(name))) return
  for (const name of names) await rm(join(folder, name), { force: true })
}

/** The events of a log; one that is being written may end within a line, which is left out. */
function parseLines(text: string): SearchEvent[] {
  const lines = text.split('\n').slice(0, -1)
  return lines.map((line) => JSON.parse(line))
}
