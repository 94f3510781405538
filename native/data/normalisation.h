// How bytes become normalised floats: (byte / 255 - mean) / std, per channel.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

namespace pada {

struct Normalisation {
  Normalisation() = default;
  // In units of byte / 255, one number per channel.
  Normalisation(const std::vector<double>& mean, const std::vector<double>& std) {
    for (size_t c = 0; c < mean.size(); c++) {
      mean_bytes.push_back(static_cast<uint8_t>(std::clamp(std::nearbyint(mean[c] * 255), 0.0, 255.0)));
      for (int byte = 0; byte < 256; byte++) {
        table.push_back(static_cast<float>((byte / 255.0 - mean[c]) / std[c]));
      }
    }
  }

  std::vector<float> table;         // by channel * 256 + byte
  std::vector<uint8_t> mean_bytes;  // nearest to the mean of each channel
};

}  // namespace pada
