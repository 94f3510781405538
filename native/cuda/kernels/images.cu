R"cuda(
// A batch of images that lie on the device: gathered, moved, mirrored and normalised.

KERNEL(gather_images, ImagesArguments) {
  for (unsigned pixel = blockIdx.x * kThreads + threadIdx.x; pixel < a.pixels; pixel += gridDim.x * kThreads) {
    const unsigned line = pixel / a.width;
    const int w = pixel % a.width, h = line % a.height;
    const Placement placement = a.placements[line / a.height];
    const int row = h + placement.down, column = (placement.mirrored ? a.width - 1 - w : w) + placement.right;
    const bool is_inside = row >= 0 && row < a.height && column >= 0 && column < a.width;
    const long long from = ((static_cast<long long>(placement.index) * a.height + row) * a.width + column) * a.channels;
    for (int c = 0; c < a.channels; c++) {
      float value;
      if (a.table == nullptr) {
        value = is_inside ? static_cast<const float*>(a.images)[from + c] : 0.f;
      } else {
        value = a.table[c * 256 + (is_inside ? static_cast<const unsigned char*>(a.images)[from + c] : 0)];
      }
      a.out[static_cast<long long>(pixel) * a.channels + c] = value;
    }
  }
}
)cuda"
