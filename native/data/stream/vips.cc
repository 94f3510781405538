#include "data/stream/vips.h"

#include <dlfcn.h>

#include <algorithm>
#include <cstring>
#include <mutex>
#include <stdexcept>

#include "runtime/errors.h"

namespace pada {

// Of vips/vips.h and glib.h, whose headers are not needed to build the addon.
struct VipsFunctions {
  using Load = int (*)(const void* bytes, size_t length, void** image, ...);

  int (*vips_init)(const char* program);
  Load vips_jpegload_buffer, vips_pngload_buffer, vips_webpload_buffer, vips_tiffload_buffer;
  int (*vips_image_get_width)(void* image);
  int (*vips_image_get_height)(void* image);
  int (*vips_image_get_bands)(void* image);
  int (*vips_image_get_format)(void* image);
  int (*vips_image_get_interpretation)(void* image);
  void* (*vips_region_new)(void* image);
  unsigned char* (*vips_region_fetch)(void* region, int left, int top, int width, int height, size_t* length);
  char* (*vips_error_buffer_copy)();
  void (*vips_thread_shutdown)();
  void (*g_object_unref)(void* object);
  void (*g_free)(void* memory);
};

namespace {

constexpr int kUchar = 0, kUshort = 2;            // VipsBandFormat
constexpr int kCmyk = 15;                         // VipsInterpretation
constexpr int kSequential = 1, kFailOnError = 2;  // VipsAccess, VipsFailOn

template <class Function>
void require_function(void* library, const char* name, Function& function) {
  function = reinterpret_cast<Function>(dlsym(library, name));
  if (function == nullptr) throw Error("ERR_NATIVE", std::string("Expected libvips with ") + name + " but it has none");
}

std::unique_ptr<const VipsFunctions> load_functions(const std::vector<std::string>& names) {
  std::string failures;
  void* library = nullptr;
  for (const std::string& name : names) {
    library = dlopen(name.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (library != nullptr) break;
    failures += (failures.empty() ? "" : "; ") + std::string(dlerror());
  }
  if (library == nullptr) throw Error("ERR_NATIVE", "Expected libvips of the package sharp but received " + failures);
  auto functions = std::make_unique<VipsFunctions>();
#define PADA_FIND(name) require_function(library, #name, functions->name)
  PADA_FIND(vips_init);
  PADA_FIND(vips_jpegload_buffer);
  PADA_FIND(vips_pngload_buffer);
  PADA_FIND(vips_webpload_buffer);
  PADA_FIND(vips_tiffload_buffer);
  PADA_FIND(vips_image_get_width);
  PADA_FIND(vips_image_get_height);
  PADA_FIND(vips_image_get_bands);
  PADA_FIND(vips_image_get_format);
  PADA_FIND(vips_image_get_interpretation);
  PADA_FIND(vips_region_new);
  PADA_FIND(vips_region_fetch);
  PADA_FIND(vips_error_buffer_copy);
  PADA_FIND(vips_thread_shutdown);
  PADA_FIND(g_object_unref);
  PADA_FIND(g_free);
#undef PADA_FIND
  if (functions->vips_init("pada-native") != 0) throw Error("ERR_NATIVE", "Expected libvips to start but it failed");
  return functions;
}

// The first bytes tell the type, not the name.
VipsFunctions::Load loader_of(const VipsFunctions& vips, const uint8_t* bytes, size_t length) {
  const auto begins = [&](const char* magic, size_t size, size_t at = 0) {
    return length >= at + size && std::memcmp(bytes + at, magic, size) == 0;
  };
  if (length == 0) throw std::runtime_error("an empty file");
  if (is_jpeg(bytes, length)) return vips.vips_jpegload_buffer;
  if (begins("\x89PNG", 4)) return vips.vips_pngload_buffer;
  if (begins("RIFF", 4) && begins("WEBP", 4, 8)) return vips.vips_webpload_buffer;
  if (begins("II*\0", 4) || begins("MM\0*", 4)) return vips.vips_tiffload_buffer;
  throw std::runtime_error("a file of another type than JPEG, PNG, WebP and TIFF");
}

// The first line of what libvips says. Its text is the process's: two threads that fail at once may see each other's.
std::runtime_error failure(const VipsFunctions& vips) {
  char* text = vips.vips_error_buffer_copy();
  std::string reason(text, std::strcspn(text, "\n"));
  vips.g_free(text);
  return std::runtime_error(reason.empty() ? "a damaged file" : "\"" + reason + "\"");
}

// ImagingConvert of CMYK to RGB.
uint8_t without_ink(int ink, int light) {
  const int product = ink * light + 128;
  return static_cast<uint8_t>(std::clamp(light - (((product >> 8) + product) >> 8), 0, 255));
}

}  // namespace

Vips::Vips(std::unique_ptr<const VipsFunctions> functions) : functions_(std::move(functions)) {}

const Vips& Vips::open(const std::vector<std::string>& names) {
  static std::mutex mutex;
  static const Vips* opened = nullptr;
  std::lock_guard lock(mutex);
  if (opened == nullptr) opened = new Vips(load_functions(names));
  return *opened;
}

bool is_jpeg(const uint8_t* bytes, size_t length) { return length >= 3 && std::memcmp(bytes, "\xff\xd8\xff", 3) == 0; }

void Vips::end_thread() const { functions_->vips_thread_shutdown(); }

VipsImage::VipsImage(const Vips& vips, const uint8_t* bytes, size_t length) : vips_(*vips.functions_) {
  const auto load = loader_of(vips_, bytes, length);
  // Without revalidation libvips might take the bytes for those that were at the same address before.
  if (load(bytes, length, &image_, "access", kSequential, "fail_on", kFailOnError, "revalidate", 1,
           static_cast<void*>(nullptr)) != 0) {
    throw failure(vips_);
  }
  height_ = vips_.vips_image_get_height(image_);
  width_ = vips_.vips_image_get_width(image_);
  bands_ = vips_.vips_image_get_bands(image_);
  inks_ = vips_.vips_image_get_interpretation(image_) == kCmyk;
  const int format = vips_.vips_image_get_format(image_);
  wide_ = format == kUshort;
  if (wide_ || format == kUchar) return;
  vips_.g_object_unref(image_);
  throw std::runtime_error("values of another type than 8 or 16 bits per channel");
}

VipsImage::~VipsImage() { vips_.g_object_unref(image_); }

void VipsImage::fetch(int64_t top, int64_t left, int64_t height, int64_t width, uint8_t* pixels) const {
  void* region = vips_.vips_region_new(image_);
  size_t length = 0;
  unsigned char* fetched = vips_.vips_region_fetch(region, static_cast<int>(left), static_cast<int>(top),
                                                   static_cast<int>(width), static_cast<int>(height), &length);
  vips_.g_object_unref(region);
  if (fetched == nullptr) throw failure(vips_);
  const int64_t count = height * width;
  if (bands_ == 3 && !wide_) {
    std::memcpy(pixels, fetched, 3 * count);
  } else {
    // The upper byte of a little-endian number is its second.
    const int64_t step = wide_ ? 2 : 1;
    const unsigned char* from = fetched + step - 1;
    for (int64_t i = 0; i < count; i++, from += bands_ * step, pixels += 3) {
      for (int64_t c = 0; c < 3; c++) {
        const uint8_t value = from[(bands_ < 3 ? 0 : c) * step];
        pixels[c] = inks_ ? without_ink(value, 255 - from[3 * step]) : value;
      }
    }
  }
  vips_.g_free(fetched);
}

}  // namespace pada
