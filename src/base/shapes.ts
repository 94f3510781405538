/** Number of elements of a tensor of this shape. */
export function scalars(shape: readonly number[]): number {
  return shape.reduce((product, extent) => product * extent, 1)
}
