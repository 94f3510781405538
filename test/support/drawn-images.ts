import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** Images of one colour with noise, one file each, as `folder/SPLIT/CLASS/N.ppm`. */
export function drawImages(dir: string): void {
  let state = 1
  const noise = () => {
    state = (state * 48271) % 2147483647
    return state % 120
  }
  for (const [split, count] of Object.entries({ train: 24, test: 8 })) {
    for (const [channel, name] of ['crimson', 'green', 'navy'].entries()) {
      mkdirSync(join(dir, split, name), { recursive: true })
      for (let index = 0; index < count; index++) {
        // Of several sizes, so that they are resized and cropped.
        const [width, height] = [20 + (index % 3), 24]
        const pixels = Uint8Array.from(
          { length: 3 * width * height },
          (_, at) => noise() + (at % 3 === channel ? 90 : 0),
        )
        const header = Buffer.from(`P6\n${width} ${height}\n255\n`)
        writeFileSync(join(dir, split, name, `${index}.ppm`), Buffer.concat([header, pixels]))
      }
    }
  }
}
