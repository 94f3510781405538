// What the addon needs of libjpeg's binary interface, version 62, as processors with 64-bit pointers have it. The
// library compares version and size before it touches anything.
#pragma once

#include <cstddef>
#include <cstdint>

namespace pada::libjpeg {

constexpr int kVersion = 62;
constexpr int kRgb = 2;  // J_COLOR_SPACE

struct Decompression;

// jpeg_error_mgr
struct Errors {
  void (*error_exit)(Decompression*);  // must not return
  void (*emit_message)(Decompression*, int level);
  void (*output_message)(Decompression*);
  void (*format_message)(Decompression*, char*);
  void (*reset)(Decompression*);
  char message[88];
  long num_warnings;
  const void* tables[2][2];
};
static_assert(offsetof(Errors, num_warnings) == 128 && sizeof(Errors) == 168);

// jpeg_component_info
struct Component {
  int id, index;
  int horizontal, vertical;  // sampling factors
  char rest[80];
};
static_assert(sizeof(Component) == 96);

// jpeg_decompress_struct
struct Decompression {
  Errors* errors;
  void* memory;
  void* progress;
  void* client;
  int is_decompressor, state;
  void* source;
  uint32_t width, height;
  int component_count;
  int color_space, out_color_space;
  char scaling_and_quality[100 - 68];
  int fancy_upsampling;
  char colors[136 - 104];
  uint32_t output_width, output_height;
  char output[168 - 144];
  uint32_t output_scanline;
  char tables[304 - 172];
  Component* components;
  char rest[632 - 312];
};
static_assert(offsetof(Decompression, width) == 48 && offsetof(Decompression, out_color_space) == 64);
static_assert(offsetof(Decompression, fancy_upsampling) == 100 && offsetof(Decompression, output_width) == 136);
static_assert(offsetof(Decompression, output_scanline) == 168 && offsetof(Decompression, components) == 304);
static_assert(sizeof(Decompression) == 632);

// The functions of the library, under its names.
struct Functions {
  Errors* (*jpeg_std_error)(Errors*);
  void (*jpeg_CreateDecompress)(Decompression*, int version, size_t size);
  void (*jpeg_destroy_decompress)(Decompression*);
  void (*jpeg_mem_src)(Decompression*, const unsigned char* bytes, unsigned long length);
  int (*jpeg_read_header)(Decompression*, int require_image);
  int (*jpeg_start_decompress)(Decompression*);
  void (*jpeg_crop_scanline)(Decompression*, uint32_t* left, uint32_t* width);
  uint32_t (*jpeg_skip_scanlines)(Decompression*, uint32_t count);
  uint32_t (*jpeg_read_scanlines)(Decompression*, unsigned char** rows, uint32_t count);
};

}  // namespace pada::libjpeg
