import type { CommandModule, InferredOptionTypes } from 'yargs'
import { expected, UserError } from '../../base/errors.js'
import { counted, integer } from '../../base/format.js'
import { VALIDATION_NAMES } from '../../data/split-names.js'
import { listEncoded } from '../../data/stream/list-encoded.js'
import { pack } from '../../data/stream/pack.js'
import { ensureNativeFor } from '../native.js'
import { choice, jsonOption, onePath, whole } from '../options.js'
import { nameWithRemark } from '../output/replaced.js'
import { onInterrupt } from '../signals.js'

/** Images left out that are listed. */
const LISTED = 20
const PROGRESS_IMAGES = 10_000
const QUALITY = 90

const options = {
  out: {
    type: 'string',
    requiresArg: true,
    demandOption: true,
    describe: 'File to write, such as train.pada',
    coerce: onePath('--out'),
  },
  shorter: {
    type: 'number',
    requiresArg: true,
    describe: 'Reduce larger images to this length of the shorter side, in pixels',
    defaultDescription: 'files stay as they are',
    coerce: (value: number) => whole('shorter', value, 1),
  },
  quality: {
    type: 'number',
    requiresArg: true,
    describe: 'Quality of images reduced by --shorter as JPEG, from 1 to 100',
    defaultDescription: `${QUALITY}`,
    coerce: (value: number) => whole('quality', value, 1),
  },
  'on-error': {
    ...choice('--on-error', ['stop', 'skip']),
    default: 'stop',
    describe: 'What a damaged image does',
  },
  json: jsonOption,
} as const

export const packCommand: CommandModule<object, InferredOptionTypes<typeof options> & { images?: string }> = {
  builder: (yargs) =>
    yargs
      .positional('images', {
        type: 'string',
        describe: 'Folder with a folder per class, or a tar, of one split',
        coerce: onePath('images'),
      })
      .options(options),
  async handler({ images, out, shorter, quality: given, 'on-error': onError, json }) {
    if (images === undefined) throw expected('a folder or a tar', 'images', 'none', 2)
    if (!out.endsWith('.pada')) throw expected('a name that ends in .pada', '--out', out, 2)
    if (given !== undefined && shorter === undefined) {
      throw new UserError('Expected --shorter with --quality but received --quality alone', 2)
    }
    const quality = given ?? QUALITY
    if (quality > 100) throw expected('a whole number from 1 to 100', '--quality', quality, 2)
    const log = (line: string) => process.stderr.write(`${line}\n`)
    using interruption = onInterrupt(log)
    const { signal } = interruption
    await ensureNativeFor({ device: 'cpu' }, { log, signal })
    const split = await listEncoded(images)
    refuseSplits(split.classes, images)
    log(`${counted(split.labels.length, 'image')}, ${integer(split.classes.length)} classes`)
    const progress = (done: number) => {
      if (done % PROGRESS_IMAGES === 0) log(`${integer(done)} packed`)
    }
    const name = await nameWithRemark(out)
    const packed = await pack(split, out, { shorter, quality, onError: onError as 'stop' | 'skip', progress, signal })
    const { skipped } = packed
    for (const reason of skipped.slice(0, LISTED)) log(`left out ${reason}`)
    if (skipped.length > LISTED) log(`left out ${integer(skipped.length - LISTED)} more`)
    if (json) process.stdout.write(`${JSON.stringify({ event: 'result', file: out, ...packed })}\n`)
    else process.stdout.write(`${name}: ${integer(packed.images)} images, ${integer(packed.bytes / 1e6)} MB\n`)
  },
}

/** Throws a UserError for the folder around the splits of a data set, whose splits would pass for classes. */
function refuseSplits(classes: readonly string[], images: string): void {
  const isSplit = (name: string) => ['train', 'test', ...VALIDATION_NAMES].includes(name)
  if (!classes.includes('train') || !classes.every(isSplit)) return
  throw expected('one split', 'the images to pack', `${images}, which holds ${classes.join(' and ')}; pack each`, 2)
}
