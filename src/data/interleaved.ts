/** The first image of each class, then the second of each, and so on: the first images of a list cover all classes. */
export function interleaved<Image extends { readonly label: number }>(images: readonly Image[]): Image[] {
  const seen = new Map<number, number>()
  const ranked = images.map((image) => {
    const rank = seen.get(image.label) ?? 0
    seen.set(image.label, rank + 1)
    return { image, rank }
  })
  return ranked.sort((a, b) => a.rank - b.rank || a.image.label - b.image.label).map(({ image }) => image)
}
