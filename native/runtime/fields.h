// The fields of a tagged value: an object whose `kind` says which fields it has. The code of a kind reads its fields;
// a field that nobody reads is an error.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "runtime/errors.h"

namespace pada {

// A number, a truth value, a text, or a Float64Array; `text` describes other values.
struct Field {
  std::optional<double> number;
  std::optional<bool> flag;
  std::string text;
  std::vector<double> numbers = {};
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

  double positive_share(const std::string& field) {
    const double value = share(field);
    if (value == 0) expected("a number above 0", name_ + "." + field, "0");
    return value;
  }

  // A field that may be absent.
  bool flag(const std::string& field, bool otherwise) {
    known_.insert(field);
    const auto found = fields_.find(field);
    if (found == fields_.end()) return otherwise;
    if (!found->second.flag) expected("true or false", name_ + "." + field, found->second.text);
    return *found->second.flag;
  }

  // The place of the field's text in `names`.
  int choice(const std::string& field, const std::vector<std::string>& names) {
    const Field& value = find(field, joined(names));
    const auto found = std::ranges::find(names, value.text);
    if (value.number || found == names.end()) expected(joined(names), name_ + "." + field, value.text);
    return static_cast<int>(found - names.begin());
  }

  // A Float64Array of rows with this many numbers, at least one row.
  const std::vector<double>& rows(const std::string& field, size_t columns) {
    const std::string wanted = "a Float64Array with rows of " + std::to_string(columns) + " numbers";
    const Field& value = find(field, wanted);
    if (value.numbers.empty()) expected(wanted, name_ + "." + field, value.text);
    if (value.numbers.size() % columns != 0) {
      expected(wanted, name_ + "." + field, std::to_string(value.numbers.size()) + " numbers");
    }
    return value.numbers;
  }

  // The kind and all fields with their values, in one order.
  std::string text() const {
    std::string text = kind_;
    for (const auto& [field, value] : fields_) {
      text += " " + field + "=" + value.text;
      for (const double number : value.numbers) text += " " + std::to_string(number);
    }
    return text + ";";
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
    const Field& value = find(field, wanted);
    if (!value.number || !allowed(*value.number)) expected(wanted, name_ + "." + field, value.text);
    return *value.number;
  }

  const Field& find(const std::string& field, const std::string& wanted) {
    known_.insert(field);
    const auto found = fields_.find(field);
    if (found == fields_.end()) expected(wanted, name_ + "." + field, "undefined");
    return found->second;
  }

  static std::string joined(const std::vector<std::string>& names) {
    std::string text;
    for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
    return text;
  }

  std::string name_, kind_;
  std::map<std::string, Field> fields_;
  std::set<std::string> known_;
};

}  // namespace pada
