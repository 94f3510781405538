import { stat } from 'node:fs/promises'
import type { CommandModule, InferredOptionTypes } from 'yargs'
import { expected, UserError } from '../../base/errors.js'
import { counted, integer } from '../../base/format.js'
import { listEncoded } from '../../data/stream/list-encoded.js'
import { splitPlaces } from '../../data/stream/split-places.js'
import { type Quantiles, type Survey, survey } from '../../data/stream/survey.js'
import { ensureNativeFor } from '../native.js'
import { jsonOption, onePath } from '../options.js'
import { onInterrupt } from '../signals.js'

/** Damaged images, and groups of equal ones, that are listed. */
const LISTED = 20

const options = {
  headers: {
    type: 'boolean',
    default: false,
    describe: 'Look at headers only, which is faster and finds no truncated file',
  },
  json: jsonOption,
} as const

export const dataCommand: CommandModule<object, InferredOptionTypes<typeof options> & { dir?: string }> = {
  builder: (yargs) =>
    yargs
      .positional('dir', {
        type: 'string',
        describe: 'Folder of splits, or one split: a folder, a tar or a packed file',
        coerce: onePath('dir'),
      })
      .options(options),
  async handler({ dir, headers, json }) {
    if (dir === undefined) throw expected('a folder of images', 'dir', 'none', 2)
    const log = (line: string) => process.stderr.write(`${line}\n`)
    using interruption = onInterrupt(log)
    const { signal } = interruption
    await ensureNativeFor({ device: 'cpu' }, { log, signal })
    let classes: readonly string[] | undefined
    for (const [name, place] of await splitsIn(dir)) {
      const split = await listEncoded(place, classes).catch((error: unknown) => {
        // Beside the training images there may be folders that are no splits, such as a development kit.
        if (name !== 'train' && name !== 'images' && error instanceof UserError) return error
        throw error
      })
      if (split instanceof UserError) {
        log(`${name}: left out: ${split.message}`)
        continue
      }
      if (name === 'train') classes = split.classes
      const progress = (done: number) => log(`${name}: ${integer(done)} of ${integer(split.labels.length)} looked at`)
      const found = await survey(split, { decode: !headers, progress, signal })
      const lines = json ? [JSON.stringify({ event: 'split', split: name, ...found })] : describe(name, found)
      process.stdout.write(`${lines.join('\n')}\n`)
    }
  },
}

/** The splits of a data set, the training split first, or the one split that `dir` is. */
async function splitsIn(dir: string): Promise<(readonly [string, string])[]> {
  const facts = await stat(dir).catch(() => undefined)
  if (facts === undefined) throw expected('a folder of images', 'dir', `${dir}, which does not exist`)
  const places = facts.isDirectory() ? await splitPlaces(dir) : new Map<string, string>()
  const train = places.get('train')
  if (train === undefined) return [['images', dir]]
  return [['train', train], ...[...places].filter(([name]) => name !== 'train')]
}

function describe(name: string, found: Survey): string[] {
  const { images, classes, perClass, damaged, duplicates, conflicting } = found
  const others = Object.entries(found.passedOver).map(([suffix, count]) => `${count} ${suffix}`)
  const lines = [
    `${name}: ${integer(images)} images in ${integer(classes)} classes, ${span(perClass.least, perClass.most)} each`,
    `  pixels: ${side('shorter', found.shorter)}, ${side('longer', found.longer)}`,
    ...(others.length > 0 ? [`  passed over: ${others.join(', ')}`] : []),
    `  damaged: ${integer(damaged.length)}`,
    ...listed(damaged),
    `  equal images: ${counted(duplicates.length, 'group')}, of which ${integer(conflicting)} with different labels`,
    ...listed(duplicates.map((names) => names.join(' = '))),
  ]
  return lines
}

function listed(texts: readonly string[]): string[] {
  const lines = texts.slice(0, LISTED).map((text) => `    ${text}`)
  return texts.length > LISTED ? [...lines, `    and ${integer(texts.length - LISTED)} more`] : lines
}

function side(name: string, { least, median, most }: Quantiles): string {
  return `${name} side ${span(least, most)} (median ${integer(median)})`
}

function span(least: number, most: number): string {
  return least === most ? integer(least) : `${integer(least)} to ${integer(most)}`
}
