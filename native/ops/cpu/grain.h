// How much work is worth a second thread. Waking one costs tens of microseconds where it has gone to sleep, which
// between the many small loops of a step it often has: a loop shares its work only where each share takes longer than
// that.
#pragma once

#include <algorithm>
#include <cstdint>

namespace pada {

inline constexpr int64_t kElementsPerShare = int64_t{1} << 18;  // of a loop that is bound by memory
inline constexpr int64_t kProductsPerShare = int64_t{1} << 23;  // multiply-adds of a convolution

// For at::parallel_for over items of `work` each: the fewest items that make a share.
inline int64_t grain(int64_t work, int64_t per_share) {
  return std::max<int64_t>(1, per_share / std::max<int64_t>(1, work));
}

}  // namespace pada
