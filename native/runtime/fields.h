// The fields of a tagged value: an object whose `kind` says which fields it has. The code of a kind reads its fields;
// a field that nobody reads is an error.
#pragma once

#include <cmath>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "runtime/errors.h"

namespace pada {

// A number, a truth value, or another value, which `text` describes.
struct Field {
  std::optional<double> number;
  std::optional<bool> flag;
  std::string text;
};

class Fields {
 public:
  // `name`: of the object, for error messages, such as "optimizer". `fields`: all but `kind`.
  Fields(std::string name, std::string kind, std::map<std::string, Field> fields)
      : name_(std::move(name)), kind_(std::move(kind)), fields_(std::move(fields)) {}

  const std::string& name() const { return name_; }
  const std::string& kind() const { return kind_; }

  double number(const std::string& field) {
    return read(field, "a finite number", [](double value) { return std::isfinite(value); });
  }

  int64_t count(const std::string& field, int64_t least) {
    const auto allowed = [&](double value) {
      return value >= static_cast<double>(least) && value < 0x1p53 && value == std::floor(value);
    };
    return static_cast<int64_t>(read(field, "a whole number of at least " + std::to_string(least), allowed));
  }

  double share(const std::string& field) {
    return read(field, "a number from 0 to 1", [](double value) { return value >= 0 && value <= 1; });
  }

  // A field that may be absent.
  bool flag(const std::string& field, bool otherwise) {
    known_.insert(field);
    const auto found = fields_.find(field);
    if (found == fields_.end()) return otherwise;
    if (!found->second.flag) expected("true or false", name_ + "." + field, found->second.text);
    return *found->second.flag;
  }

  // Throws if there is a field that was not read.
  void finish() const {
    for (const auto& [field, value] : fields_) {
      if (known_.contains(field)) continue;
      std::string names = "kind";
      for (const std::string& known : known_) names += ", " + known;
      expected("only " + names, name_, "\"" + field + "\"");
    }
  }

 private:
  template <class Allowed>
  double read(const std::string& field, const std::string& wanted, const Allowed& allowed) {
    known_.insert(field);
    const auto found = fields_.find(field);
    const std::string name = name_ + "." + field;
    if (found == fields_.end()) expected(wanted, name, "undefined");
    const Field& value = found->second;
    if (!value.number || !allowed(*value.number)) expected(wanted, name, value.text);
    return *value.number;
  }

  std::string name_, kind_;
  std::map<std::string, Field> fields_;
  std::set<std::string> known_;
};

}  // namespace pada
