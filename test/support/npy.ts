/** What `np.save` writes for a list of int64. */
export function int64Npy(values: readonly number[]): Buffer {
  const header = `{'descr': '<i8', 'fortran_order': False, 'shape': (${values.length},), }`.padEnd(117)
  const head = Buffer.from(`\x93NUMPY\x01\x00v\x00${header}\n`, 'latin1')
  return Buffer.concat([head, Buffer.from(BigInt64Array.from(values, BigInt).buffer)])
}
