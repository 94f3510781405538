/** The forms in which Python writes a table. */

import { isBzip2 } from './bzip2.js'
import { isLegacy } from './torch-legacy.js'

/** `numpy.save`, `pickle.dump` plain or through bz2, `torch.save` before PyTorch 1.6 and since. */
export type PickleKind = 'numpy' | 'pickle' | 'bzip2' | 'torchLegacy' | 'torchZip'

/** What a file that begins with `head`, of at least 32 bytes where it is not shorter, is; undefined for none of them. */
export function pickleKind(head: Buffer): PickleKind | undefined {
  if (head.toString('latin1', 0, 6) === '\x93NUMPY') return 'numpy'
  if (head.toString('latin1', 0, 4) === 'PK\x03\x04') return 'torchZip'
  if (isBzip2(head)) return 'bzip2'
  if (isLegacy(head)) return 'torchLegacy'
  // PROTO, which protocols 2 to 5 begin with, and no text does.
  return head[0] === 0x80 && head[1] >= 2 && head[1] <= 5 ? 'pickle' : undefined
}
