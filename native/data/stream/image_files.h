// Where the encoded images of a stream lie: in files of their own, or in parts of one file. Every thread may read.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace pada {

class ImageFiles {
 public:
  virtual ~ImageFiles() = default;
  virtual int64_t count() const = 0;
  // Replaces `bytes` by the bytes of an image. Throws std::runtime_error with the reason.
  virtual void read(int64_t index, std::vector<uint8_t>& bytes) const = 0;
  // For messages.
  virtual std::string name(int64_t index) const = 0;
};

// Files in a folder. `names`: their names, one after the other; `ends`: where each one ends.
std::unique_ptr<ImageFiles> named_files(std::string folder, std::string names, std::vector<double> ends);

// Parts of a file, such as the members of a tar.
std::unique_ptr<ImageFiles> parts_of(std::string file, std::vector<double> offsets, std::vector<int32_t> lengths);

// A packed file; src/data/stream/packed.ts says what is in it. `entries`: where its table of images begins. `taken`:
// which images to take, or empty for the first `count`. The table stays in the file.
std::unique_ptr<ImageFiles> packed_file(std::string file, int64_t entries, std::vector<int32_t> taken, int64_t count);

}  // namespace pada
