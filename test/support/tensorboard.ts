/** What event files of TensorBoard hold, read without the code that writes them. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { PbfReader } from 'pbf'
import { expect } from 'vitest'
import { tfRecords } from '../../src/formats/tfrecord.js'

/** The records of an event file. Its checksums are checked. */
export function records(file: Buffer): Buffer[] {
  let given = false
  const next = () => {
    if (given) return undefined
    given = true
    return file
  }
  return [...tfRecords(next, 'events')].map((record) => Buffer.from(record))
}

/** Steps at which each tag occurs in the event file of a folder. One before it may be there, empty. */
export function stepsByTag(folder: string): Map<string, number[]> {
  const names = readdirSync(folder).toSorted()
  expect(names.length).toBeLessThanOrEqual(2)
  const name = names.pop()!
  for (const before of names) expect(readFileSync(join(folder, before))).toHaveLength(0)
  const steps = new Map<string, number[]>()
  for (const record of records(readFileSync(join(folder, name)))) {
    const { step, tags } = new PbfReader(record).readFields(
      (field, event, pbf) => {
        if (field === 2) event.step = pbf.readVarint()
        if (field !== 5) return
        pbf.readMessage((field, tags, summary) => {
          if (field === 1)
            summary.readMessage((field, tags, value) => field === 1 && tags.push(value.readString()), tags)
        }, event.tags)
      },
      { step: 0, tags: [] as string[] },
    )
    for (const tag of tags) steps.set(tag, [...(steps.get(tag) ?? []), step])
  }
  return steps
}
