/** Settings in the forms of earlier versions, from run folders, files, `--set` and code, as today's. */
import { DEFAULT_AUGMENTATION } from './augmentation.js'
import { isGroup, type Settings } from './settings.js'

/**
 * Makes a change to settings, and returns them in today's form. The change may be in an earlier one: what it leaves open
 * stays as it was before.
 */
export function changed(settings: Settings, change: (settings: Settings) => void): Settings {
  const before = structuredClone(settings)
  change(settings)
  return inTodaysForm(settings, before)
}

/**
 * The settings in today's form; the very same object if they are in it already. Earlier forms with mistakes stay as they
 * are, for the schema to refuse.
 *
 * @param before What an earlier form leaves open, in today's form.
 */
export function inTodaysForm(settings: Settings, before: Settings = {}): Settings {
  const { training } = settings
  if (!isGroup(training)) return settings
  const earlier = isGroup(before.training) ? before.training : {}
  const today = withOptimizer(withAugmentations(training, earlier))
  return today === training ? settings : { ...settings, training: today }
}

/** `training.momentum` and `training.weightDecay` became settings of `training.optimizer`, which was always SGD. */
function withOptimizer(training: Settings): Settings {
  if (training.momentum === undefined && training.weightDecay === undefined) return training
  const { momentum, weightDecay, ...rest } = training
  const optimizer: Settings = isGroup(rest.optimizer) ? { ...rest.optimizer } : { kind: 'sgd' }
  if (momentum !== undefined) optimizer.momentum = momentum
  if (weightDecay !== undefined) optimizer.weightDecay = weightDecay
  return { ...rest, optimizer }
}

function withAugmentations(training: Settings, before: Settings): Settings {
  const { augmentation } = training
  return isPadAndFlip(augmentation)
    ? { ...training, augmentation: fromPadAndFlip(augmentation, before.augmentation) }
    : training
}

/** The earlier form of `training.augmentation`: pixels of padding, 0 for no crop, and whether images are flipped. */
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
