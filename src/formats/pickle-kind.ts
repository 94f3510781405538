/** Tells the formats in which Python programs write tables from one another. */

import { isBzip2 } from './bzip2.js'
import { isLegacy } from './torch-legacy.js'

/**
 * `numpy`: `numpy.save`; `pickle` and `bzip2`: `pickle.dump`, plain and compressed; `torchLegacy` and `torchZip`:
 * `torch.save`, before PyTorch 1.6 and since.
 */
export type PickleKind = 'numpy' | 'pickle' | 'bzip2' | 'torchLegacy' | 'torchZip'

/** Kind of a file by its first bytes (at least 32, unless the file is shorter); undefined for other formats. */
export function pickleKind(head: Buffer): PickleKind | undefined {
  if (head.toString('latin1', 0, 6) === '\x93NUMPY') return 'numpy'
  if (head.toString('latin1', 0, 4) === 'PK\x03\x04') return 'torchZip'
  if (isBzip2(head)) return 'bzip2'
  if (isLegacy(head)) return 'torchLegacy'
  // Protocols 2 to 5 begin with the opcode PROTO; no text does.
  return head[0] === 0x80 && head[1] >= 2 && head[1] <= 5 ? 'pickle' : undefined
}
