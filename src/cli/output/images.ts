import { integer } from '../../base/format.js'
import type { UsedImages } from '../../data/index.js'

/** Names the splits and their counts in one line. A line follows for each choice and for what was passed over. */
export function describeImages({ notes, ...splits }: UsedImages): string[] {
  const parts = Object.entries(splits).map(([use, { split, images }]) => {
    return `${integer(images)} to ${USES[use as keyof typeof USES]}${split === use ? '' : ` (${split})`}`
  })
  return [`images: ${parts.join(' · ')}`, ...notes]
}

const USES = { train: 'train', validation: 'validate', test: 'test' } as const
