// The images of files, as JavaScript holds them, and what it may ask of files without a stream.
#pragma once

#include "bindings/handles.h"
#include "data/stream/image_stream.h"

namespace pada {

// new ImageStream(data, device)
class ImageStreamHandle : public Napi::ObjectWrap<ImageStreamHandle> {
 public:
  static Napi::Function define(Napi::Env env);
  explicit ImageStreamHandle(const Napi::CallbackInfo& info);
  void Finalize(Napi::BasicEnv env) override { held_.release(Napi::Env(env)); }
  const std::shared_ptr<ImageStream>& stream() const { return held_.get("ImageStream"); }

 private:
  void prefetch(const Napi::CallbackInfo& info);
  Napi::Value make(const Napi::CallbackInfo& info);
  Napi::Value waited(const Napi::CallbackInfo& info);
  Napi::Value damaged(const Napi::CallbackInfo& info);
  void dispose(const Napi::CallbackInfo& info) { held_.release(info.Env()); }

  Held<ImageStream> held_;
};

// inspectImages(files, first, count, options): reads images, and tells size, digest and damage of each.
Napi::Value inspect_images(const Napi::CallbackInfo& info);
Napi::Value jpeg_library(const Napi::CallbackInfo& info);

}  // namespace pada
