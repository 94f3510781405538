// Digests of arrays, which tell whether two of them are equal.
#pragma once

#include <cstddef>
#include <cstdint>

namespace pada {

// XXH64 with seed 0 (github.com/Cyan4973/xxHash). It reads memory as fast as it comes, but does not resist forgery.
uint64_t xxh64(const uint8_t* bytes, size_t length);

// XXH64 of the digests of all blocks of 1 MiB, as little-endian words. Several threads take the blocks of a large
// array.
uint64_t content_digest(const uint8_t* bytes, size_t length);

}  // namespace pada
