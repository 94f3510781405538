#include "optim/kernel_sweeps.h"

#include "cuda/tables.h"

namespace pada {
namespace {

struct Pieces {
  std::vector<cuda::Piece> list;
  std::vector<int> first;  // of each parameter, and the number of all
};

Pieces pieces_of(const Parameters& parameters, const std::vector<int>& indices) {
  Pieces pieces;
  for (size_t i = 0; i < indices.size(); i++) {
    pieces.first.push_back(static_cast<int>(pieces.list.size()));
    cuda::add_pieces(pieces.list, parameters.offset(indices[i]), parameters.size(indices[i]), i);
  }
  pieces.first.push_back(static_cast<int>(pieces.list.size()));
  return pieces;
}

float* data_if_any(const at::Tensor& flat) { return flat.defined() ? flat.mutable_data_ptr<float>() : nullptr; }

}  // namespace

at::Tensor record_and_measure(const cuda::Kernels& kernels, Parameters& parameters, const std::vector<int>& indices,
                              double max_norm) {
  std::vector<float> inverse_times;
  for (int index : indices) inverse_times.push_back(static_cast<float>(1.0 / ++parameters.times_sampled[index]));
  const Pieces pieces = pieces_of(parameters, indices);
  cuda::Tables tables;
  const size_t list = tables.add(pieces.list), first = tables.add(pieces.first), inverse = tables.add(inverse_times);
  tables.upload(parameters.device());
  const auto doubles = at::TensorOptions().dtype(at::kDouble).device(parameters.device());
  const int64_t count = static_cast<int64_t>(indices.size()), blocks = static_cast<int64_t>(pieces.list.size());
  at::Tensor norms = at::empty({count + 2}, doubles);
  const at::Tensor partial = at::empty({blocks}, doubles);
  const cuda::NormsArguments arguments{.pieces = tables.at<cuda::Piece>(list),
                                       .first_piece = tables.at<int>(first),
                                       .inverse_times = tables.at<float>(inverse),
                                       .parameters = static_cast<int>(count),
                                       .gradients = data_if_any(parameters.gradients),
                                       .mean = data_if_any(parameters.moment_mean),
                                       .m2 = data_if_any(parameters.moment_m2),
                                       .max_norm = static_cast<float>(max_norm),
                                       .partial = partial.mutable_data_ptr<double>(),
                                       .norms = norms.mutable_data_ptr<double>(),
                                       .ticket = kernels.tickets()};
  kernels.launch("norms_and_moments", blocks, 1, arguments);
  return norms;
}

void update_by_kernel(const cuda::Kernels& kernels, Parameters& parameters, const std::vector<int>& indices,
                      const KernelUpdate& update, const at::Tensor& scale) {
  if (indices.empty()) return;
  std::vector<cuda::UpdateNumbers> numbers;
  for (int index : indices) numbers.push_back(update.of_parameter(index));
  const Pieces pieces = pieces_of(parameters, indices);
  cuda::Tables tables;
  const size_t list = tables.add(pieces.list), of_parameter = tables.add(numbers);
  tables.upload(parameters.device());
  cuda::UpdateArguments arguments{.pieces = tables.at<cuda::Piece>(list),
                                  .of_parameter = tables.at<cuda::UpdateNumbers>(of_parameter),
                                  .values = data_if_any(parameters.values),
                                  .gradients = data_if_any(parameters.gradients),
                                  .slots = {data_if_any(update.slots[0]), data_if_any(update.slots[1])},
                                  .scale = scale.defined() ? scale.const_data_ptr<double>() : nullptr,
                                  .numbers = {},
                                  .flag = update.flag};
  std::copy(update.numbers.begin(), update.numbers.end(), arguments.numbers);
  kernels.launch(update.kernel, static_cast<int64_t>(pieces.list.size()), 1, arguments);
}

}  // namespace pada
