import { integer } from '../../base/format.js'
import type { StateDictChoice } from '../../formats/state-dict.js'
import type { StatisticsSource } from '../../search/path-statistics.js'

/** Says which state dict was read, if the file keeps it under a key, and what was taken off its names. */
export function describeKey({ key, otherKeys, prefix }: StateDictChoice): string[] {
  const others = otherKeys.length === 0 ? '' : `; not ${otherKeys.join(', ')}, which --key reads`
  return [
    ...(key === undefined ? [] : [`weights under the key ${key}${others}`]),
    ...(prefix === undefined ? [] : [`the prefix ${prefix} is taken off the names`]),
  ]
}

/** The choice of a state dict, as fields of an event. */
export function keyFields({ key, otherKeys, prefix }: StateDictChoice): Partial<StateDictChoice> {
  return { ...(key !== undefined && { key, otherKeys }), ...(prefix !== undefined && { prefix }) }
}

/** Says which statistics batch norms use. */
export function describeStatistics(statistics: StatisticsSource): string {
  switch (statistics.kind) {
    case 'batch':
      return 'batch norms take the statistics of the batch'
    case 'stored':
      return `running statistics as stored after training, because ${statistics.reason}`
    case 'recalibrated':
      return `running statistics of the path, from ${integer(statistics.images)} training images as in the ranking`
  }
}
