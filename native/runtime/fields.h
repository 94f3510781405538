// The numbers of a tagged value by name. Whoever reads them says which there are: a missing one and one too many are
// refused.
#pragma once

#include <cmath>
#include <map>
#include <string>

#include "runtime/errors.h"

namespace pada {

class Fields {
 public:
  // `name` of the value, for error messages: "optimizer".
  Fields(std::string name, std::map<std::string, double> numbers)
      : name_(std::move(name)), numbers_(std::move(numbers)) {}

  // A finite number, which is read once.
  double number(const std::string& field) {
    const auto found = numbers_.find(field);
    if (found == numbers_.end()) expected("a number", name_ + "." + field, "none");
    const double value = found->second;
    if (!std::isfinite(value)) expected("a finite number", name_ + "." + field, std::to_string(value));
    numbers_.erase(found);
    return value;
  }

  // Throws if a number is left.
  void finish(const std::string& kind) const {
    if (!numbers_.empty()) expected("only the settings of " + kind, name_, "\"" + numbers_.begin()->first + "\"");
  }

 private:
  std::string name_;
  std::map<std::string, double> numbers_;
};

}  // namespace pada
