// Reads and writes JavaScript values. Every error names the argument and says which values it may have.
#pragma once

#include <napi.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "runtime/errors.h"
#include "runtime/fields.h"
#include "runtime/torch.h"

namespace pada {

inline std::string describe(const Napi::Value& value) {
  switch (value.Type()) {
    case napi_undefined:
      return "undefined";
    case napi_null:
      return "null";
    case napi_object:
      return value.IsTypedArray() ? "another kind of array" : "an object";
    case napi_function:
      return "a function";
    default:
      return value.ToString().Utf8Value();
  }
}

inline Napi::Object object_argument(const Napi::Value& value, const std::string& name) {
  if (!value.IsObject()) expected("an object", name, describe(value));
  return value.As<Napi::Object>();
}

inline double number_argument(const Napi::Value& value, const std::string& name) {
  if (!value.IsNumber()) expected("a number", name, describe(value));
  return value.As<Napi::Number>().DoubleValue();
}

inline int64_t count_argument(const Napi::Value& value, const std::string& name, int64_t least = 1) {
  const double number = number_argument(value, name);
  if (!(number >= static_cast<double>(least) && number <= 9007199254740991.0) || number != std::floor(number)) {
    expected("a whole number of at least " + std::to_string(least), name, describe(value));
  }
  return static_cast<int64_t>(number);
}

inline std::string string_argument(const Napi::Value& value, const std::string& name) {
  if (!value.IsString()) expected("a string", name, describe(value));
  return value.As<Napi::String>().Utf8Value();
}

inline std::vector<std::string> strings_argument(const Napi::Value& value, const std::string& name) {
  if (!value.IsArray()) expected("an array of strings", name, describe(value));
  const auto array = value.As<Napi::Array>();
  std::vector<std::string> strings;
  strings.reserve(array.Length());
  for (uint32_t i = 0; i < array.Length(); i++) strings.push_back(string_argument(array.Get(i), name));
  return strings;
}

// The numbers of a Float64Array; none of another value.
inline std::vector<double> float64_numbers(const Napi::Value& value) {
  if (!value.IsTypedArray() || value.As<Napi::TypedArray>().TypedArrayType() != napi_float64_array) return {};
  const auto array = value.As<Napi::Float64Array>();
  return {array.Data(), array.Data() + array.ElementLength()};
}

// A tagged value: { kind, … }
inline Fields fields_argument(const Napi::Value& value, const std::string& name) {
  const Napi::Object object = object_argument(value, name);
  std::string kind = string_argument(object.Get("kind"), name + ".kind");
  const Napi::Array keys = object.GetPropertyNames();
  std::map<std::string, Field> fields;
  for (uint32_t i = 0; i < keys.Length(); i++) {
    const std::string key = keys.Get(i).ToString().Utf8Value();
    if (key == "kind") continue;
    const Napi::Value field = object.Get(key);
    if (field.IsUndefined()) continue;
    fields[key] = {field.IsNumber() ? std::optional(field.As<Napi::Number>().DoubleValue()) : std::nullopt,
                   field.IsBoolean() ? std::optional(field.As<Napi::Boolean>().Value()) : std::nullopt, describe(field),
                   float64_numbers(field)};
  }
  return {name, std::move(kind), std::move(fields)};
}

// The typed array of a C++ type.
template <class T>
struct ArrayKind;
template <>
struct ArrayKind<int32_t> {
  static constexpr napi_typedarray_type type = napi_int32_array;
  static constexpr const char* name = "an Int32Array";
};
template <>
struct ArrayKind<float> {
  static constexpr napi_typedarray_type type = napi_float32_array;
  static constexpr const char* name = "a Float32Array";
};
template <>
struct ArrayKind<double> {
  static constexpr napi_typedarray_type type = napi_float64_array;
  static constexpr const char* name = "a Float64Array";
};
template <>
struct ArrayKind<uint64_t> {
  static constexpr napi_typedarray_type type = napi_biguint64_array;
  static constexpr const char* name = "a BigUint64Array";
};
template <>
struct ArrayKind<uint8_t> {
  static constexpr napi_typedarray_type type = napi_uint8_array;
  static constexpr const char* name = "a Uint8Array";
};

// A view of the array's memory, valid while JavaScript does not run.
template <class T>
Napi::TypedArrayOf<T> array_argument(const Napi::Value& value, const std::string& name) {
  if (!value.IsTypedArray() || value.As<Napi::TypedArray>().TypedArrayType() != ArrayKind<T>::type) {
    expected(ArrayKind<T>::name, name, describe(value));
  }
  return value.As<Napi::TypedArrayOf<T>>();
}

template <class T>
std::vector<T> copied_array(const Napi::Value& value, const std::string& name) {
  const auto array = array_argument<T>(value, name);
  return {array.Data(), array.Data() + array.ElementLength()};
}

inline Napi::Array to_strings(Napi::Env env, const std::vector<std::string>& texts) {
  Napi::Array array = Napi::Array::New(env, texts.size());
  for (size_t i = 0; i < texts.size(); i++) array.Set(static_cast<uint32_t>(i), texts[i]);
  return array;
}

template <class T>
Napi::TypedArrayOf<T> to_array(Napi::Env env, const T* values, size_t count) {
  auto array = Napi::TypedArrayOf<T>::New(env, count);
  std::copy(values, values + count, array.Data());
  return array;
}

template <class T>
Napi::TypedArrayOf<T> to_array(Napi::Env env, const std::vector<T>& values) {
  return to_array(env, values.data(), values.size());
}

at::Device device_argument(const Napi::Value& value);

// Runs `body` and turns a C++ exception into a JavaScript error with a code.
template <class Body>
auto guarded(Napi::Env env, const Body& body) -> decltype(body()) {
  auto raise = [&](const std::string& code, const std::string& message) {
    Napi::Error error = Napi::Error::New(env, message);
    error.Set("code", Napi::String::New(env, code));
    throw error;
  };
  try {
    return body();
  } catch (const Error& error) {
    raise(error.code(), error.what());
  } catch (const c10::Error& error) {
    raise("ERR_TORCH", error.what_without_backtrace());
  } catch (const Napi::Error&) {
    throw;
  } catch (const std::exception& error) {
    raise("ERR_NATIVE", error.what());
  }
  throw std::logic_error("unreachable");
}

}  // namespace pada
