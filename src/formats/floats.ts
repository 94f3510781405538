/** 16-bit floats, widened to 32 bits without loss. */

/** IEEE 754 binary16: 1 sign, 5 exponent and 10 fraction bits. */
export function widenFloat16(bits: Uint16Array): Float32Array {
  return Float32Array.from(bits, (half) => {
    const sign = half & 0x8000 ? -1 : 1
    const exponent = (half >> 10) & 0x1f
    const fraction = half & 0x3ff
    if (exponent === 0x1f) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY
    if (exponent === 0) return sign * fraction * 2 ** -24
    return sign * (1 + fraction / 1024) * 2 ** (exponent - 15)
  })
}

/** bfloat16: the upper half of a binary32. */
export function widenBfloat16(bits: Uint16Array): Float32Array {
  return new Float32Array(Uint32Array.from(bits, (half) => half << 16).buffer)
}
