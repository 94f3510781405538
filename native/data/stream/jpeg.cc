#include "data/stream/jpeg.h"

#include <dlfcn.h>

#include <algorithm>
#include <map>
#include <mutex>

namespace pada {
namespace {

// A column beside the part that is decoded has other colours than in the whole image, because it lacks neighbours.
constexpr int64_t kMargin = 2;

template <class Function>
bool find_function(void* library, const char* name, Function& function) {
  function = reinterpret_cast<Function>(dlsym(library, name));
  return function != nullptr;
}

}  // namespace

const Jpeg* Jpeg::open(const std::vector<std::string>& names) {
  static std::mutex mutex;
  static auto& opened = *new std::map<std::string, std::unique_ptr<const Jpeg>>;
  std::lock_guard lock(mutex);
  for (const std::string& name : names) {
    if (!opened.contains(name)) opened[name] = load(name);
    if (opened[name] != nullptr) return opened[name].get();
  }
  return nullptr;
}

std::unique_ptr<const Jpeg> Jpeg::load(const std::string& name) {
  void* library = dlopen(name.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) return nullptr;
  auto jpeg = std::make_unique<Jpeg>();
  jpeg->name_ = name;
#define PADA_FIND(name) find_function(library, #name, jpeg->functions_.name)
  const bool complete = PADA_FIND(jpeg_std_error) && PADA_FIND(jpeg_CreateDecompress) &&
                        PADA_FIND(jpeg_destroy_decompress) && PADA_FIND(jpeg_mem_src) && PADA_FIND(jpeg_read_header) &&
                        PADA_FIND(jpeg_start_decompress) && PADA_FIND(jpeg_crop_scanline) &&
                        PADA_FIND(jpeg_skip_scanlines) && PADA_FIND(jpeg_read_scanlines);
#undef PADA_FIND
  if (!complete) return nullptr;
  return jpeg;
}

template <class Work>
bool JpegImage::attempt(Work work) {
  if (setjmp(escape_) != 0) return false;
  work();
  return errors_.num_warnings == 0;
}

void JpegImage::fail(libjpeg::Decompression* state) {
  std::longjmp(static_cast<JpegImage*>(state->client)->escape_, 1);
}

void JpegImage::count_warning(libjpeg::Decompression* state, int level) {
  if (level < 0) state->errors->num_warnings++;
}

JpegImage::JpegImage(const Jpeg& jpeg, const uint8_t* bytes, size_t length) : functions_(jpeg.functions_) {
  state_.errors = functions_.jpeg_std_error(&errors_);
  errors_.error_exit = fail;
  errors_.emit_message = count_warning;
  state_.client = this;
  usable_ = attempt([&] {
              functions_.jpeg_CreateDecompress(&state_, libjpeg::kVersion, sizeof state_);
              functions_.jpeg_mem_src(&state_, bytes, static_cast<unsigned long>(length));
              functions_.jpeg_read_header(&state_, 1);
            }) &&
            is_usual();
}

JpegImage::~JpegImage() { functions_.jpeg_destroy_decompress(&state_); }

bool JpegImage::is_usual() const {
  const int count = state_.component_count;
  if (count == 1) return true;
  if (count != 3) return false;
  const libjpeg::Component* parts = state_.components;
  const int across = parts[0].horizontal, down = parts[0].vertical;
  const bool chroma =
      std::all_of(parts + 1, parts + 3, [](const auto& part) { return part.horizontal * part.vertical == 1; });
  return chroma && across <= 2 && down <= across;
}

bool JpegImage::fetch(int64_t top, int64_t left, int64_t height, int64_t width, Room& room, PixelRows& rows) {
  uint32_t begin = static_cast<uint32_t>(std::max<int64_t>(0, left - kMargin));
  uint32_t taken = static_cast<uint32_t>(std::min(this->width(), left + width + kMargin)) - begin;
  const uint32_t first = static_cast<uint32_t>(top), end = static_cast<uint32_t>(top + height);
  if (!attempt([&] {
        state_.out_color_space = libjpeg::kRgb;
        functions_.jpeg_start_decompress(&state_);
        if (taken < state_.width) functions_.jpeg_crop_scanline(&state_, &begin, &taken);
      })) {
    return false;
  }
  const int64_t stride = int64_t{3} * state_.output_width;
  uint8_t* const pixels = room.of(height * stride);
  rows = {pixels + 3 * (left - begin), stride};
  return attempt([&] {
    if (first > 0) functions_.jpeg_skip_scanlines(&state_, first);
    while (state_.output_scanline < end) {
      uint8_t* row = pixels + (state_.output_scanline - first) * stride;
      functions_.jpeg_read_scanlines(&state_, &row, 1);
    }
  });
}

}  // namespace pada
