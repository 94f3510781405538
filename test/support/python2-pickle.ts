/**
 * Writes pickles as Python 2 did with protocol 2, the format of CIFAR. Strings are bytes, and
 * `numpy.core.multiarray._reconstruct` rebuilds arrays. Today's Python cannot write them.
 */

export interface ByteArray {
  readonly shape: readonly number[]
  readonly bytes: Uint8Array
  /** NumPy's name of the type; default `u1`. */
  readonly type?: string
  readonly fortranOrder?: boolean
}

export function python2Pickle(entries: Readonly<Record<string, string | readonly number[] | ByteArray>>): Buffer {
  const items = Object.entries(entries).flatMap(([key, value]) => [string(key), item(value)])
  return Buffer.concat([Buffer.from('\x80\x02}(', 'latin1'), ...items, Buffer.from('u.')])
}

function item(value: string | readonly number[] | ByteArray): Buffer {
  if (typeof value === 'string') return string(value)
  if ('bytes' in value) return array(value)
  return Buffer.concat([Buffer.from(']('), ...value.map(integer), Buffer.from('e')])
}

function string(text: string | Uint8Array): Buffer {
  const bytes = Buffer.from(text as string, 'latin1')
  // SHORT_BINSTRING and BINSTRING.
  if (bytes.length < 256) return Buffer.concat([Buffer.from('U'), Buffer.of(bytes.length), bytes])
  const length = Buffer.alloc(4)
  length.writeUInt32LE(bytes.length)
  return Buffer.concat([Buffer.from('T'), length, bytes])
}

function integer(value: number): Buffer {
  const bytes = Buffer.alloc(5)
  bytes.write('J', 'latin1')
  bytes.writeInt32LE(value, 1)
  return bytes
}

function array({ shape, bytes, type = 'u1', fortranOrder = false }: ByteArray): Buffer {
  const raw = (text: string) => Buffer.from(text, 'latin1')
  return Buffer.concat([
    raw('cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\0\x85U\x01b\x87R'),
    raw('(K\x01('),
    ...shape.map(integer),
    raw('tcnumpy\ndtype\n'),
    string(type),
    raw('K\0K\x01\x87R(K\x03'),
    string(type.endsWith('1') ? '|' : '<'),
    raw('NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\0tb'),
    raw(fortranOrder ? '\x88' : '\x89'),
    string(bytes),
    raw('tb'),
  ])
}
