/** Converts settings in the forms of earlier versions, from run folders, files, `--set` and code, to today's form. */
import { DEFAULT_AUGMENTATION } from './augmentation.js'
import { isGroup, type Settings } from './settings.js'

/**
 * Changes settings and returns them in today's form. If the change is in an earlier form, values that it leaves open
 * stay unchanged.
 */
export function changed(settings: Settings, change: (settings: Settings) => void): Settings {
  const before = structuredClone(settings)
  change(settings)
  return inTodaysForm(settings, before)
}

/**
 * The settings in today's form; the same object if they already are. Earlier forms with mistakes stay unchanged, so
 * that the schema reports them.
 *
 * @param before Settings in today's form, which give the values that an earlier form leaves open.
 */
export function inTodaysForm(settings: Settings, before: Settings = {}): Settings {
  const { training } = settings
  if (!isGroup(training)) return settings
  const earlier = isGroup(before.training) ? before.training : {}
  const today = withOptimizer(withAugmentations(training, earlier), earlier)
  return today === training ? settings : { ...settings, training: today }
}

/**
 * `training.momentum` and `training.weightDecay` became settings of `training.optimizer`, which was always SGD; a group
 * without a kind is SGD too. Both forms of one setting in the same place are left for the schema to refuse.
 */
function withOptimizer(training: Settings, before: Settings): Settings {
  const { momentum, weightDecay, ...rest } = training
  const earlier = Object.entries({ momentum, weightDecay }).filter(([, value]) => value !== undefined)
  const { optimizer = {} } = rest
  if (!isGroup(optimizer)) return training
  const known = isGroup(before.optimizer) ? before.optimizer : {}
  if (earlier.some(([key]) => optimizer[key] !== known[key])) return training
  if (earlier.length === 0 && (rest.optimizer === undefined || optimizer.kind !== undefined)) return training
  return { ...rest, optimizer: { kind: 'sgd', ...optimizer, ...Object.fromEntries(earlier) } }
}

function withAugmentations(training: Settings, before: Settings): Settings {
  const { augmentation } = training
  return isPadAndFlip(augmentation)
    ? { ...training, augmentation: fromPadAndFlip(augmentation, before.augmentation) }
    : training
}

/** The earlier form of `training.augmentation`: pixels of padding (0 for no crop), and true to flip images. */
interface PadAndFlip {
  readonly pad?: number
  readonly flip?: boolean
}

function isPadAndFlip(augmentation: unknown): augmentation is PadAndFlip {
  if (!isGroup(augmentation)) return false
  const { pad = 0, flip = false, ...rest } = augmentation
  return typeof pad === 'number' && typeof flip === 'boolean' && Object.keys(rest).length === 0
}

function fromPadAndFlip({ pad, flip }: PadAndFlip, before: unknown): unknown[] {
  const list: unknown[] = Array.isArray(before) ? [...before] : [...DEFAULT_AUGMENTATION]
  const placeOf = (kind: string) => list.findIndex((entry) => isGroup(entry) && entry.kind === kind)
  if (pad !== undefined) {
    const place = placeOf('pad-crop')
    list.splice(Math.max(place, 0), place === -1 ? 0 : 1, ...(pad === 0 ? [] : [{ kind: 'pad-crop', padding: pad }]))
  }
  const place = placeOf('flip')
  if (flip === true && place === -1) list.push({ kind: 'flip' })
  if (flip === false && place !== -1) list.splice(place, 1)
  return list
}
