// The amount of work that is worth a second thread. Threads often fall asleep between the many small loops of a step,
// and waking one takes tens of microseconds. A loop shares its work only if each share takes longer than that.
#pragma once

#include <algorithm>
#include <cstdint>

namespace pada {

inline constexpr int64_t kElementsPerShare = int64_t{1} << 18;  // of a loop that is bound by memory
inline constexpr int64_t kProductsPerShare = int64_t{1} << 23;  // multiply-adds of a convolution

// The smallest share of at::parallel_for, in items of `work` each.
inline int64_t grain(int64_t work, int64_t per_share) {
  return std::max<int64_t>(1, per_share / std::max<int64_t>(1, work));
}

}  // namespace pada
