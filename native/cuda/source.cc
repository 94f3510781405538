#include "cuda/source.h"

#include "cuda/arguments.h"

namespace pada::cuda {
namespace {

constexpr const char* kCommon =
#include "cuda/kernels/common.cu"
    ;

// In the order of Group.
constexpr const char* kPrograms[] = {
#include "cuda/kernels/reductions.cu"
#include "cuda/kernels/sum_gradients.cu"
#include "cuda/kernels/sums.cu"
    ,
#include "cuda/kernels/sweeps.cu"
    ,
#include "cuda/kernels/loss.cu"
    ,
#include "cuda/kernels/images.cu"
};

}  // namespace

std::string source_of(Group group) {
  return std::string(kArgumentsSource) + kCommon + kPrograms[static_cast<size_t>(group)];
}

}  // namespace pada::cuda
