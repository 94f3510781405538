#include "bindings/stream_handle.h"

#include "bindings/augmentation_argument.h"
#include "bindings/data_handles.h"
#include "data/content_digest.h"
#include "runtime/executor_thread.h"

namespace pada {
namespace {

constexpr int kMostThreads = 1024;

std::unique_ptr<ImageFiles> named_argument(const Napi::Object& files) {
  std::string folder = string_argument(files.Get("folder"), "files.folder");
  std::vector<double> ends = copied_array<double>(files.Get("ends"), "files.ends");
  // Viewed last: a getter may give the memory away.
  const auto bytes = array_argument<uint8_t>(files.Get("names"), "files.names");
  return named_files(std::move(folder), {reinterpret_cast<const char*>(bytes.Data()), bytes.ByteLength()},
                     std::move(ends));
}

std::unique_ptr<ImageFiles> parts_argument(const Napi::Object& files, const std::string& file) {
  std::vector<double> offsets = copied_array<double>(files.Get("offsets"), "files.offsets");
  std::vector<int32_t> lengths = copied_array<int32_t>(files.Get("lengths"), "files.lengths");
  if (offsets.size() != lengths.size()) {
    expected("a length per offset", "files.lengths", std::to_string(lengths.size()));
  }
  return parts_of(file, std::move(offsets), std::move(lengths));
}

std::unique_ptr<ImageFiles> packed_argument(const Napi::Object& files, const std::string& file) {
  const Napi::Value taken = files.Get("taken");
  return packed_file(file, count_argument(files.Get("entries"), "files.entries"),
                     taken.IsUndefined() ? std::vector<int32_t>() : copied_array<int32_t>(taken, "files.taken"),
                     count_argument(files.Get("count"), "files.count"));
}

std::unique_ptr<ImageFiles> files_argument(const Napi::Value& value) {
  const Napi::Object files = object_argument(value, "files");
  const std::string kind = string_argument(files.Get("kind"), "files.kind");
  if (kind == "named") return named_argument(files);
  if (kind != "parts" && kind != "packed") {
    expected("\"named\", \"parts\" or \"packed\"", "files.kind", "\"" + kind + "\"");
  }
  const std::string file = string_argument(files.Get("file"), "files.file");
  try {
    return kind == "parts" ? parts_argument(files, file) : packed_argument(files, file);
  } catch (const Error&) {
    throw;
  } catch (const std::runtime_error& error) {
    throw Error("ERR_IMAGE", "Expected a readable file for " + file + " but received " + error.what());
  }
}

Decoders decoders_argument(const Napi::Object& data) {
  return {Vips::open(strings_argument(data.Get("libraries"), "libraries")),
          Jpeg::open(strings_argument(data.Get("jpegLibraries"), "jpegLibraries"))};
}

int threads_argument(const Napi::Value& value) {
  return static_cast<int>(std::min<int64_t>(count_argument(value, "threads"), kMostThreads));
}

bool flag_argument(const Napi::Value& value, const std::string& name) {
  if (!value.IsBoolean()) expected("true or false", name, describe(value));
  return value.As<Napi::Boolean>().Value();
}

std::shared_ptr<ImageStream> make_stream(const Napi::Value& argument, at::Device device) {
  const Napi::Object data = object_argument(argument, "data");
  const std::string filter = string_argument(data.Get("interpolation"), "interpolation");
  if (filter != "bilinear" && filter != "bicubic") {
    expected("\"bilinear\" or \"bicubic\"", "interpolation", "\"" + filter + "\"");
  }
  constexpr int64_t kChannels = 3;
  StreamOptions options{count_argument(data.Get("size"), "size"),
                        filter == "bilinear" ? Filter::Bilinear : Filter::Bicubic,
                        flag_argument(data.Get("replaceDamaged"), "replaceDamaged"),
                        threads_argument(data.Get("threads")),
                        count_argument(data.Get("mostKept"), "mostKept", 0),
                        {per_channel(data, "mean", kChannels, false), per_channel(data, "std", kChannels, true)}};
  return std::make_shared<ImageStream>(files_argument(data.Get("files")),
                                       copied_array<int32_t>(data.Get("labels"), "labels"), decoders_argument(data),
                                       std::move(options), device);
}

// What is known of images, in their order.
struct Inspected {
  std::vector<int32_t> heights, widths;  // 0 for an image that cannot be read
  std::vector<uint64_t> digests;
  std::vector<std::string> damage;  // empty for an undamaged image
};

void inspect(const ImageFiles& files, const Decoders& decoders, int64_t index, bool decode, int64_t at,
             Inspected& found) {
  std::vector<uint8_t> bytes;
  Room room;
  try {
    files.read(index, bytes);
    found.digests[at] = content_digest(bytes.data(), bytes.size());
    EncodedImage image(decoders, bytes.data(), bytes.size());
    found.heights[at] = static_cast<int32_t>(image.height());
    found.widths[at] = static_cast<int32_t>(image.width());
    if (!decode) return;
    image.fetch(0, 0, image.height(), image.width(), room);
  } catch (const std::exception& error) {
    found.damage[at] = damage_of(error);
  }
}

Inspected inspect_all(const ImageFiles& files, const Decoders& decoders, int64_t first, int64_t count, bool decode,
                      int threads) {
  Inspected found{std::vector<int32_t>(count), std::vector<int32_t>(count), std::vector<uint64_t>(count),
                  std::vector<std::string>(count)};
  WorkerPool pool(threads, [&] { decoders.vips.end_thread(); });
  auto work = std::make_shared<Batchwork>();
  work->size = count;
  work->make = [&](int64_t i) { inspect(files, decoders, first + i, decode, i, found); };
  pool.begin(work, false);
  pool.finish(work);
  return found;
}

}  // namespace

Napi::Function ImageStreamHandle::define(Napi::Env env) {
  return DefineClass(
      env, "ImageStream",
      {InstanceMethod<&ImageStreamHandle::prefetch>("prefetch"), InstanceMethod<&ImageStreamHandle::make>("make"),
       InstanceMethod<&ImageStreamHandle::waited>("waited"), InstanceMethod<&ImageStreamHandle::damaged>("damaged"),
       InstanceMethod<&ImageStreamHandle::dispose>("dispose")});
}

ImageStreamHandle::ImageStreamHandle(const Napi::CallbackInfo& info) : ObjectWrap(info) {
  guarded(info.Env(), [&] {
    std::shared_ptr<ImageStream> stream = make_stream(info[0], device_argument(info[1]));
    const int64_t bytes = stream->count() * static_cast<int64_t>(sizeof(int32_t));
    held_.hold(info.Env(), std::move(stream), bytes);
  });
}

void ImageStreamHandle::prefetch(const Napi::CallbackInfo& info) {
  guarded(info.Env(), [&] {
    const std::vector<int32_t> indices = copied_array<int32_t>(info[0], "indices");
    const AugmentationList list = info[1].IsUndefined() ? AugmentationList{} : augmentation_argument(info[1]);
    stream()->prefetch(indices, list);
  });
}

Napi::Value ImageStreamHandle::make(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&] {
    std::vector<int32_t> indices = copied_array<int32_t>(info[0], "indices");
    AugmentationList list = info[1].IsUndefined() ? AugmentationList{} : augmentation_argument(info[1]);
    return run_on_executor(info.Env(), [stream = stream(), indices = std::move(indices), list = std::move(list)] {
      stream->gather(indices, list);
    });
  });
}

Napi::Value ImageStreamHandle::waited(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&] { return Napi::Number::New(info.Env(), stream()->waited()); });
}

Napi::Value ImageStreamHandle::damaged(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&] {
    Napi::Array list = Napi::Array::New(info.Env());
    for (const auto& [index, reason] : stream()->damaged()) list.Set(list.Length(), reason);
    return list;
  });
}

Napi::Value jpeg_library(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    const Jpeg* jpeg = Jpeg::open(strings_argument(info[0], "names"));
    if (jpeg == nullptr) return info.Env().Undefined();
    return Napi::String::New(info.Env(), jpeg->name());
  });
}

Napi::Value inspect_images(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  return guarded(env, [&] {
    std::shared_ptr<ImageFiles> files = files_argument(info[0]);
    const int64_t first = count_argument(info[1], "first", 0), count = count_argument(info[2], "count");
    if (first + count > files->count()) {
      expected("at most " + std::to_string(files->count()) + " images", "count", std::to_string(first + count));
    }
    const Napi::Object options = object_argument(info[3], "options");
    const Decoders decoders = decoders_argument(options);
    const bool decode = flag_argument(options.Get("decode"), "decode");
    const int threads = threads_argument(options.Get("threads"));
    return run_on_executor(
        env, [=] { return inspect_all(*files, decoders, first, count, decode, threads); },
        [](Napi::Env done_env, const Inspected& found) -> Napi::Value {
          Napi::Object result = Napi::Object::New(done_env);
          result.Set("heights", to_array(done_env, found.heights));
          result.Set("widths", to_array(done_env, found.widths));
          result.Set("digests", to_array(done_env, found.digests));
          Napi::Array damage = Napi::Array::New(done_env, found.damage.size());
          for (uint32_t i = 0; i < found.damage.size(); i++) damage.Set(i, found.damage[i]);
          result.Set("damage", damage);
          return result;
        });
  });
}

}  // namespace pada
