// Lists of structs that kernels read, in the memory of a device.
#pragma once

#include <algorithm>
#include <cstring>
#include <vector>

#include "cuda/arguments.h"
#include "runtime/torch_cuda.h"

namespace pada::cuda {

// Appends the pieces of `size` scalars from `offset` on, one per block. `position`: of their parameter in its list.
inline void add_pieces(std::vector<Piece>& pieces, int64_t offset, int64_t size, size_t position) {
  constexpr int64_t kPiece = 4096;
  for (int64_t done = 0; done < size; done += kPiece) {
    pieces.push_back({offset + done, static_cast<int>(std::min(kPiece, size - done)), static_cast<int>(position)});
  }
}

// Lists that go to a device in one copy.
class Tables {
 public:
  // Returns the list's place.
  template <class T>
  size_t add(const std::vector<T>& list) {
    const size_t place = (bytes_.size() + 15) / 16 * 16;
    bytes_.resize(place + list.size() * sizeof(T));
    std::memcpy(bytes_.data() + place, list.data(), list.size() * sizeof(T));
    return place;
  }
  void upload(at::Device device) {
    const at::Tensor host = staged({static_cast<int64_t>(bytes_.size())}, at::kByte, device);
    std::memcpy(host.mutable_data_ptr(), bytes_.data(), bytes_.size());
    tensor_ = uploaded(host, device);
  }
  template <class T>
  const T* at(size_t place) const {
    return reinterpret_cast<const T*>(static_cast<const char*>(tensor_.const_data_ptr()) + place);
  }

 private:
  std::vector<char> bytes_;
  at::Tensor tensor_;
};

}  // namespace pada::cuda
