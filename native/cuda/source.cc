#include "cuda/source.h"

#include "cuda/arguments.h"

namespace pada::cuda {
namespace {

constexpr const char* kCommon =
#include "cuda/kernels/common.cu"
    ;

// In the order of Group. Within a program, what others use comes first.
// clang-format off
constexpr const char* kPrograms[] = {
#include "cuda/kernels/rows.cu"
#include "cuda/kernels/reductions.cu"
#include "cuda/kernels/sums.cu"
#include "cuda/kernels/sum_gradients.cu"
    ,
#include "cuda/kernels/rows.cu"
#include "cuda/kernels/reductions.cu"
#include "cuda/kernels/depthwise.cu"
#include "cuda/kernels/max_pool.cu"
    ,
#include "cuda/kernels/sweeps.cu"
    ,
#include "cuda/kernels/loss.cu"
    ,
#include "cuda/kernels/images.cu"
};
// clang-format on

}  // namespace

std::string source_of(Group group) {
  return std::string(kArgumentsSource) + kCommon + kPrograms[static_cast<size_t>(group)];
}

}  // namespace pada::cuda
