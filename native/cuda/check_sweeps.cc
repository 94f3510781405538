#include <array>
#include <cstring>

#include "cuda/comparison.h"
#include "cuda/tables.h"

namespace pada::cuda {

// Two parameters, the second of two pieces, with a gap between them that stays as it is.
void compare_sweeps(const Kernels& kernels, Comparison& comparison) {
  constexpr int64_t kScalars = 5000, kFirst = 700, kSecond = 800;
  const at::Device device = kernels.device();
  const auto upload = [&]<class T>(const std::vector<T>& list) {
    const at::Tensor bytes =
        at::empty({static_cast<int64_t>(list.size() * sizeof(T))}, at::TensorOptions().dtype(at::kByte));
    std::memcpy(bytes.mutable_data_ptr(), list.data(), list.size() * sizeof(T));
    return bytes.to(device);
  };
  const at::Tensor pieces = upload(std::vector<Piece>{{0, kFirst, 0}, {kSecond, 4000, 1}, {kSecond + 4000, 200, 1}});
  const at::Tensor first_piece = upload(std::vector<int>{0, 1, 3}), inverse = upload(std::vector<float>{1.f, 0.25f});
  const at::Tensor of_parameter = upload(std::vector<UpdateNumbers>{{{0.1f, 0.2f, 1.5f}}, {{0.f, 0.3f, 2.f}}});
  const at::Tensor g = numbers({kScalars}, 1, device), mean = numbers({kScalars}, 2, device);
  const at::Tensor m2 = numbers({kScalars}, 3, device).abs();
  const auto doubles = at::TensorOptions().dtype(at::kDouble).device(device);
  const at::Tensor partial = at::empty({3}, doubles), norms = at::empty({4}, doubles);
  const auto part = [&](const at::Tensor& x, int parameter) {
    return parameter == 0 ? x.narrow(0, 0, kFirst) : x.narrow(0, kSecond, kScalars - kSecond);
  };

  const at::Tensor new_mean = mean.to(at::kDouble), new_m2 = m2.to(at::kDouble);
  const at::Tensor wanted = at::empty({4}, doubles);
  for (int i = 0; i < 2; i++) {
    const at::Tensor before = part(g, i).to(at::kDouble).sub(part(new_mean, i));
    part(new_mean, i).add_(before, i == 0 ? 1 : 0.25);
    part(new_m2, i).addcmul_(before, part(g, i).to(at::kDouble).sub(part(new_mean, i)));
    wanted[i].copy_(at::linalg_vector_norm(part(g, i).to(at::kDouble)));
  }
  wanted[2].copy_(at::linalg_vector_norm(wanted.narrow(0, 0, 2)));
  wanted[3].copy_(wanted[2].add(1e-6).reciprocal().mul(5));
  NormsArguments measured{};
  measured.pieces = static_cast<const Piece*>(pieces.const_data_ptr());
  measured.first_piece = static_cast<const int*>(first_piece.const_data_ptr());
  measured.inverse_times = static_cast<const float*>(inverse.const_data_ptr());
  measured.parameters = 2;
  measured.gradients = floats(g);
  measured.mean = floats(mean);
  measured.m2 = floats(m2);
  measured.max_norm = 5;
  measured.partial = partial.mutable_data_ptr<double>();
  measured.norms = norms.mutable_data_ptr<double>();
  measured.ticket = kernels.tickets();
  kernels.launch("norms_and_moments", 3, 1, measured);
  comparison.add("a norm of gradients", norms, wanted, 1e-5);
  comparison.add("a clipping factor", norms[3], wanted[3], 1e-5);
  comparison.add("a mean of gradients", mean, new_mean, 1e-5);
  comparison.add("a variance of gradients", m2, new_m2, 1e-5);

  const at::Tensor scale = at::full({}, 0.5, doubles);
  struct Updated {
    at::Tensor value, first, second;
  };
  // `formula`: of the kernel in float64, given the clipped gradient and the numbers of a parameter.
  const auto compare_update = [&](const char* kernel, const std::array<float, 4>& given, int flag,
                                  const auto& formula) {
    const Updated found{numbers({kScalars}, 4, device), numbers({kScalars}, 5, device).abs().add(0.1),
                        numbers({kScalars}, 6, device).abs().add(0.1)};
    const Updated expected{found.value.to(at::kDouble), found.first.to(at::kDouble), found.second.to(at::kDouble)};
    const at::Tensor gradients = g.clone();
    UpdateArguments arguments{};
    arguments.pieces = measured.pieces;
    arguments.of_parameter = static_cast<const UpdateNumbers*>(of_parameter.const_data_ptr());
    arguments.values = floats(found.value);
    arguments.gradients = floats(gradients);
    arguments.slots[0] = floats(found.first);
    arguments.slots[1] = floats(found.second);
    arguments.scale = scale.const_data_ptr<double>();
    std::copy(given.begin(), given.end(), arguments.numbers);
    arguments.flag = flag;
    kernels.launch(kernel, 3, 1, arguments);
    for (int i = 0; i < 2; i++) {
      const double of[3] = {i == 0 ? 0.1 : 0, i == 0 ? 0.2 : 0.3, i == 0 ? 1.5 : 2};
      formula({part(expected.value, i), part(expected.first, i), part(expected.second, i)},
              part(g, i).to(at::kDouble).mul(0.5), of);
      comparison.add("a gradient after an update", part(gradients, i).abs().max(), at::zeros({}, doubles), 1e-5);
    }
    comparison.add(kernel, found.value, expected.value, 1e-5);
    comparison.add("a slot of an optimizer", found.first, expected.first, 1e-5);
    comparison.add("another slot of an optimizer", found.second, expected.second, 1e-5);
  };
  for (const int nesterov : {0, 1}) {
    compare_update("update_sgd", {0.05f, 0.9f}, nesterov,
                   [&](Updated at, const at::Tensor& gradient, const double* of) {
                     const at::Tensor decayed = gradient.add(at.value, of[0]);
                     at.first.mul_(0.9).add_(decayed);
                     at.value.sub_(nesterov ? decayed.add(at.first, 0.9) : at.first, 0.05);
                   });
  }
  compare_update("update_adamw", {0.1f, 0.01f, 1e-3f}, 0, [](Updated at, const at::Tensor& gradient, const double* of) {
    at.first.add_(gradient.sub(at.first), 0.1);
    at.second.add_(gradient.square().sub(at.second), 0.01);
    at.value.mul_(of[0]).sub_(at.first.div(at.second.sqrt().mul(of[2]).add(1e-3)), of[1]);
  });
  compare_update("update_rmsprop_tf", {0.05f, 0.9f, 0.1f, 1e-3f}, 0,
                 [](Updated at, const at::Tensor& gradient, const double* of) {
                   const at::Tensor decayed = gradient.add(at.value, of[0]);
                   at.first.add_(decayed.square().sub(at.first), 0.1);
                   at.second.mul_(0.9).add_(decayed.div(at.first.add(1e-3).sqrt()), 0.05);
                   at.value.sub_(at.second);
                 });
}

// The weights of two convolutions: the second of several pieces.
void compare_weights(const Kernels& kernels, at::ScalarType type, Comparison& comparison) {
  const at::Device device = kernels.device();
  const std::vector<std::vector<int64_t>> shapes{{5, 3, 1, 1}, {30, 20, 3, 3}};
  constexpr int64_t kScalars = 7 + 15 + 5400;
  const at::Tensor flat = numbers({kScalars}, 1, device), before = flat.clone();
  std::vector<at::Tensor> packed, wanted;
  std::vector<Piece> pieces;
  std::vector<WeightPlace> places;
  int64_t offset = 7;
  for (const std::vector<int64_t>& shape : shapes) {
    const int64_t size = shape[0] * shape[1] * shape[2] * shape[3];
    wanted.push_back(before.narrow(0, offset, size).view(shape).to(type));
    packed.push_back(empty_activation(shape, type, device));
    add_pieces(pieces, 0, size, places.size());
    places.push_back(
        {offset, packed.back().mutable_data_ptr(), static_cast<int>(shape[1]), static_cast<int>(shape[2] * shape[3])});
    offset += size;
  }
  Tables tables;
  const size_t list = tables.add(pieces), table = tables.add(places);
  tables.upload(device);
  const WeightsArguments arguments{tables.at<Piece>(list), tables.at<WeightPlace>(table), floats(flat)};
  const std::string suffix = type == at::kBFloat16 ? "_bfloat16" : "_float32";
  kernels.launch("pack_weights" + suffix, static_cast<int64_t>(pieces.size()), 1, arguments);
  for (size_t i = 0; i < packed.size(); i++) comparison.add("packed weights", packed[i], wanted[i], 0);
  kernels.launch("add_packed" + suffix, static_cast<int64_t>(pieces.size()), 1, arguments);
  const at::Tensor sum = before.to(at::kDouble);
  sum.narrow(0, 7, kScalars - 7).add_(before.narrow(0, 7, kScalars - 7).to(type));
  comparison.add("gradients of packed weights", flat, sum, 1e-6);
}

}  // namespace pada::cuda
