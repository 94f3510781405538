#include "data/stream/image_files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <stdexcept>

#include "data/content_digest.h"

namespace pada {
namespace {

// In the words of src/base/files.ts.
[[noreturn]] void fail() {
  if (errno == ENOENT) throw std::runtime_error("no such file");
  if (errno == EACCES || errno == EPERM) throw std::runtime_error("one that this user may not read");
  throw std::runtime_error(std::strerror(errno));
}

class OpenFile {
 public:
  explicit OpenFile(const std::string& path) : descriptor_(::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {
    if (descriptor_ < 0) fail();
  }
  ~OpenFile() { ::close(descriptor_); }
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;

  int64_t size() const {
    struct stat facts;
    if (::fstat(descriptor_, &facts) != 0) fail();
    return facts.st_size;
  }
  void read(int64_t offset, int64_t length, uint8_t* bytes) const {
    for (int64_t done = 0; done < length;) {
      const ssize_t got = ::pread(descriptor_, bytes + done, length - done, offset + done);
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) fail();
      if (got == 0) throw std::runtime_error("the end of the file");
      done += got;
    }
  }

 private:
  const int descriptor_;
};

class NamedFiles : public ImageFiles {
 public:
  NamedFiles(std::string folder, std::string names, std::vector<double> ends)
      : folder_(std::move(folder)), names_(std::move(names)), ends_(ends.begin(), ends.end()) {}

  int64_t count() const override { return static_cast<int64_t>(ends_.size()); }
  void read(int64_t index, std::vector<uint8_t>& bytes) const override {
    const OpenFile file(name(index));
    bytes.resize(file.size());
    file.read(0, static_cast<int64_t>(bytes.size()), bytes.data());
  }
  std::string name(int64_t index) const override {
    const uint64_t begin = index == 0 ? 0 : ends_[index - 1];
    return folder_ + "/" + names_.substr(begin, ends_[index] - begin);
  }

 private:
  const std::string folder_, names_;
  const std::vector<uint64_t> ends_;
};

class Parts : public ImageFiles {
 public:
  Parts(std::string path, std::vector<double> offsets, std::vector<int32_t> lengths)
      : path_(std::move(path)), file_(path_), offsets_(offsets.begin(), offsets.end()), lengths_(std::move(lengths)) {}

  int64_t count() const override { return static_cast<int64_t>(lengths_.size()); }
  void read(int64_t index, std::vector<uint8_t>& bytes) const override {
    bytes.resize(lengths_[index]);
    file_.read(offsets_[index], lengths_[index], bytes.data());
  }
  std::string name(int64_t index) const override {
    return "the " + std::to_string(lengths_[index]) + " bytes from " + std::to_string(offsets_[index]) + " of " + path_;
  }

 private:
  const std::string path_;
  const OpenFile file_;
  const std::vector<int64_t> offsets_;
  const std::vector<int32_t> lengths_;
};

// A row of the table, as it lies in the file. Numbers are little-endian.
struct PackedEntry {
  uint64_t offset, digest;
  uint32_t length, label;
  uint16_t width, height;
  uint32_t key;
};
static_assert(sizeof(PackedEntry) == 32);

class PackedFile : public ImageFiles {
 public:
  PackedFile(std::string path, int64_t entries, std::vector<int32_t> taken, int64_t count)
      : path_(std::move(path)), file_(path_), entries_(entries), taken_(std::move(taken)), count_(count) {}

  int64_t count() const override { return taken_.empty() ? count_ : static_cast<int64_t>(taken_.size()); }
  void read(int64_t index, std::vector<uint8_t>& bytes) const override {
    PackedEntry entry;
    file_.read(entries_ + place(index) * sizeof(PackedEntry), sizeof entry, reinterpret_cast<uint8_t*>(&entry));
    bytes.resize(entry.length);
    file_.read(static_cast<int64_t>(entry.offset), entry.length, bytes.data());
    if (content_digest(bytes.data(), bytes.size()) != entry.digest)
      throw std::runtime_error("bytes with another checksum");
  }
  std::string name(int64_t index) const override { return "image " + std::to_string(place(index)) + " of " + path_; }

 private:
  int64_t place(int64_t index) const { return taken_.empty() ? index : taken_[index]; }

  const std::string path_;
  const OpenFile file_;
  const int64_t entries_;
  const std::vector<int32_t> taken_;
  const int64_t count_;
};

}  // namespace

std::unique_ptr<ImageFiles> named_files(std::string folder, std::string names, std::vector<double> ends) {
  return std::make_unique<NamedFiles>(std::move(folder), std::move(names), std::move(ends));
}

std::unique_ptr<ImageFiles> parts_of(std::string file, std::vector<double> offsets, std::vector<int32_t> lengths) {
  return std::make_unique<Parts>(std::move(file), std::move(offsets), std::move(lengths));
}

std::unique_ptr<ImageFiles> packed_file(std::string file, int64_t entries, std::vector<int32_t> taken, int64_t count) {
  return std::make_unique<PackedFile>(std::move(file), entries, std::move(taken), count);
}

}  // namespace pada
