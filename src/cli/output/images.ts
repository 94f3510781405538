import { integer } from '../../base/format.js'
import type { UsedImages } from '../../data/splits.js'

/** Names the splits and their counts in one line. A line follows for each choice and for what was passed over. */
export function describeImages({ notes, ...splits }: UsedImages): string[] {
  const parts = Object.entries(splits).map(([use, { split, images }]) => {
    return `${integer(images)} to ${USES[use as keyof typeof USES]}${split === use ? '' : ` (${split})`}`
  })
  return [`images: ${parts.join(' · ')}`, ...notes]
}

const USES = { train: 'train', validation: 'validate', test: 'test' } as const

/** Lines of one epoch about damaged images. */
const LISTED = 5

/** Tells of damaged images that were replaced by others, each once. */
export class DamageNews {
  readonly #told = new Set<string>()

  /** What an event says that no earlier one has said. */
  news({ damaged = [] }: { readonly damaged?: readonly string[] }): string[] {
    const fresh = damaged.filter((reason) => !this.#told.has(reason))
    for (const reason of fresh) this.#told.add(reason)
    const lines = fresh.slice(0, LISTED).map((reason) => `replaced by another image of its class: ${reason}`)
    return fresh.length > LISTED ? [...lines, `and ${integer(fresh.length - LISTED)} more`] : lines
  }
}
