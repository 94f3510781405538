#include "data/content_digest.h"

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstring>
#include <thread>
#include <vector>

namespace pada {
namespace {

static_assert(std::endian::native == std::endian::little);

constexpr uint64_t kPrime1 = 0x9E3779B185EBCA87, kPrime2 = 0xC2B2AE3D27D4EB4F, kPrime3 = 0x165667B19E3779F9,
                   kPrime4 = 0x85EBCA77C2B2AE63, kPrime5 = 0x27D4EB2F165667C5;

constexpr size_t kBlock = 1 << 20;
// A thread takes as long to start as a few blocks take to read.
constexpr size_t kBlocksPerThread = 8;

template <class Word>
Word load(const uint8_t* bytes) {
  Word word;
  std::memcpy(&word, bytes, sizeof word);
  return word;
}

uint64_t round(uint64_t lane, uint64_t word) { return std::rotl(lane + word * kPrime2, 31) * kPrime1; }

}  // namespace

uint64_t xxh64(const uint8_t* bytes, size_t length) {
  const uint8_t* const end = bytes + length;
  uint64_t hash = kPrime5;
  if (length >= 32) {
    uint64_t a = kPrime1 + kPrime2, b = kPrime2, c = 0, d = 0 - kPrime1;
    for (; end - bytes >= 32; bytes += 32) {
      a = round(a, load<uint64_t>(bytes));
      b = round(b, load<uint64_t>(bytes + 8));
      c = round(c, load<uint64_t>(bytes + 16));
      d = round(d, load<uint64_t>(bytes + 24));
    }
    hash = std::rotl(a, 1) + std::rotl(b, 7) + std::rotl(c, 12) + std::rotl(d, 18);
    for (const uint64_t lane : {a, b, c, d}) hash = (hash ^ round(0, lane)) * kPrime1 + kPrime4;
  }
  hash += length;
  for (; end - bytes >= 8; bytes += 8) {
    hash = std::rotl(hash ^ round(0, load<uint64_t>(bytes)), 27) * kPrime1 + kPrime4;
  }
  if (end - bytes >= 4) {
    hash = std::rotl(hash ^ load<uint32_t>(bytes) * kPrime1, 23) * kPrime2 + kPrime3;
    bytes += 4;
  }
  for (; bytes < end; bytes++) hash = std::rotl(hash ^ *bytes * kPrime5, 11) * kPrime1;
  hash = (hash ^ hash >> 33) * kPrime2;
  hash = (hash ^ hash >> 29) * kPrime3;
  return hash ^ hash >> 32;
}

uint64_t content_digest(const uint8_t* bytes, size_t length) {
  std::vector<uint64_t> digests((length + kBlock - 1) / kBlock);
  std::atomic<size_t> next = 0;
  const auto take_blocks = [&] {
    for (size_t i = next++; i < digests.size(); i = next++) {
      digests[i] = xxh64(bytes + i * kBlock, std::min(kBlock, length - i * kBlock));
    }
  };
  const size_t cores = std::max(1u, std::thread::hardware_concurrency());
  std::vector<std::jthread> others(std::min(cores - 1, digests.size() / kBlocksPerThread));
  for (std::jthread& other : others) other = std::jthread(take_blocks);
  take_blocks();
  others.clear();
  return xxh64(reinterpret_cast<const uint8_t*>(digests.data()), digests.size() * sizeof(uint64_t));
}

}  // namespace pada
