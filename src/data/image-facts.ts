/** Counts what decoding leaves out of images, so that it can be said. The cache keeps the counts beside the pixels. */
import { useCacheFile, writeCacheFile } from '../base/cache-file.js'

/** What is said of images, by the fact that decoding finds. */
const SENTENCES = {
  grey: 'are grey and are read as three equal channels',
  alpha: 'have transparency, which is dropped',
  orientation: 'have an EXIF orientation, which is not applied',
  deep: 'have 16 bits per channel, of which the upper 8 are read',
  cmyk: 'are CMYK and are converted to RGB',
  frames: 'have several frames or pages, of which the first is read',
} as const

/** A property of an image that its 8-bit RGB pixels do not show. */
export type ImageFact = keyof typeof SENTENCES

/** Numbers of images by fact. */
export class ImageFacts {
  readonly #counts = new Map<ImageFact, number>()

  constructor(counts: Readonly<Partial<Record<ImageFact, number>>> = {}) {
    for (const [fact, count] of Object.entries(counts)) this.#counts.set(fact as ImageFact, count)
  }

  /** Counts one image. */
  add(facts: readonly ImageFact[]): void {
    for (const fact of facts) this.#counts.set(fact, (this.#counts.get(fact) ?? 0) + 1)
  }

  /** One sentence per fact about the `total` images of `split`. */
  notes(split: string, total: number): string[] {
    const facts = (Object.keys(SENTENCES) as ImageFact[]).filter((fact) => this.#counts.has(fact))
    return facts.map((fact) => `${split}: ${this.#counts.get(fact)} of ${total} images ${SENTENCES[fact]}`)
  }

  toJSON(): Partial<Record<ImageFact, number>> {
    return Object.fromEntries(this.#counts)
  }
}

/** The facts kept under `digest`; undefined if there are none. */
export function readFacts(digest: string): Promise<ImageFacts | undefined> {
  return useCacheFile(fileOf(digest), async (handle) => new ImageFacts(JSON.parse(await handle.readFile('utf8'))))
}

/** Keeps facts for later runs, as `writePixels` keeps pixels. */
export async function writeFacts(digest: string, facts: ImageFacts): Promise<void> {
  await writeCacheFile(fileOf(digest), [Buffer.from(JSON.stringify(facts))], 'Decoded images')
}

function fileOf(digest: string): string {
  return `images/${digest}.json`
}
