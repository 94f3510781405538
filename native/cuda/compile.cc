#include "cuda/compile.h"

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>
#include <vector>

#include "data/content_digest.h"
#include "runtime/errors.h"

namespace pada::cuda {
namespace {

void check(const Nvrtc& nvrtc, int result) {
  if (result == 0) return;
  throw Error("ERR_CUDA_KERNELS", "Expected NVRTC to go on but received " + std::string(nvrtc.error_string(result)));
}

class Program {
 public:
  Program(const Nvrtc& nvrtc, const std::string& source, const std::string& name) : nvrtc_(nvrtc) {
    check(nvrtc_, nvrtc_.create(&program_, source.c_str(), name.c_str(), 0, nullptr, nullptr));
  }
  ~Program() { nvrtc_.destroy(&program_); }
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  int compile(const std::vector<const char*>& options) {
    return nvrtc_.compile(program_, static_cast<int>(options.size()), options.data());
  }
  // What one of NVRTC's pairs of functions gives.
  std::string read(int (*size_of)(void*, size_t*), int (*get)(void*, char*)) const {
    size_t size = 0;
    check(nvrtc_, size_of(program_, &size));
    std::string bytes(size, '\0');
    check(nvrtc_, get(program_, bytes.data()));
    return bytes;
  }

 private:
  const Nvrtc& nvrtc_;
  void* program_ = nullptr;
};

std::string read_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// Under a temporary name first, so that another process never reads a part.
void write_file(const std::filesystem::path& path, const std::string& bytes) {
  std::error_code failed;
  std::filesystem::create_directories(path.parent_path(), failed);
  const std::filesystem::path unfinished = path.string() + "." + std::to_string(getpid());
  {
    std::ofstream file(unfinished, std::ios::binary);
    file << bytes;
    if (!file.flush()) failed = std::make_error_code(std::errc::io_error);
  }
  if (!failed) std::filesystem::rename(unfinished, path, failed);
  if (failed) std::filesystem::remove(unfinished, failed);
}

constexpr const char* kStandard = "--std=c++17";

// As 16 hexadecimal digits.
std::string digest(const std::string& bytes) {
  uint64_t number = xxh64(reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size());
  std::string digits(16, '0');
  for (size_t i = 16; i-- > 0; number >>= 4) digits[i] = "0123456789abcdef"[number & 15];
  return digits;
}

}  // namespace

Compiled compile(const Nvrtc& nvrtc, Group group, const std::string& architecture, bool verbose) {
  Program program(nvrtc, source_of(group), std::string(name_of(group)) + ".cu");
  const std::string target = "--gpu-architecture=" + architecture;
  std::vector<const char*> options = {target.c_str(), kStandard};
  if (verbose) options.push_back("--ptxas-options=-v");
  const int result = program.compile(options);
  std::string log = program.read(nvrtc.log_size, nvrtc.log);
  log.erase(std::find(log.begin(), log.end(), '\0'), log.end());
  if (result != 0) {
    const std::string what = log.empty() ? nvrtc.error_string(result) : log.substr(0, log.find('\n'));
    throw Error("ERR_CUDA_KERNELS", "Expected kernels that NVRTC compiles but received " + what);
  }
  const bool is_machine_code = architecture.starts_with("sm_");
  return {is_machine_code ? program.read(nvrtc.cubin_size, nvrtc.cubin) : program.read(nvrtc.ptx_size, nvrtc.ptx),
          std::move(log)};
}

std::string architecture_for(const Nvrtc& nvrtc, int capability) {
  int count = 0;
  check(nvrtc, nvrtc.architecture_count(&count));
  std::vector<int> known(count);
  check(nvrtc, nvrtc.architectures(known.data()));
  if (std::ranges::find(known, capability) != known.end()) return "sm_" + std::to_string(capability);
  int nearest = 0;
  for (int architecture : known) {
    if (architecture < capability) nearest = std::max(nearest, architecture);
  }
  if (nearest == 0) {
    expected("a GPU that NVRTC compiles for", "device", "compute capability " + std::to_string(capability));
  }
  return "compute_" + std::to_string(nearest);
}

std::string compiled_or_kept(const Nvrtc& nvrtc, Group group, const std::string& architecture,
                             const std::string& folder) {
  if (folder.empty()) return compile(nvrtc, group, architecture, false).binary;
  int major = 0, minor = 0;
  check(nvrtc, nvrtc.version(&major, &minor));
  const std::string source = kStandard + source_of(group),
                    version = std::to_string(major) + "." + std::to_string(minor);
  const std::string name = std::string(name_of(group)) + "-" + digest(source) + "-" + version + "-" + architecture;
  const std::filesystem::path path = std::filesystem::path(folder) / name;
  // The file has the digest of the binary, and after it the binary.
  const std::string kept = read_file(path);
  const size_t head = digest("").size();
  if (kept.size() > head && kept.substr(0, head) == digest(kept.substr(head))) return kept.substr(head);
  std::string binary = compile(nvrtc, group, architecture, false).binary;
  write_file(path, digest(binary) + binary);
  return binary;
}

}  // namespace pada::cuda
