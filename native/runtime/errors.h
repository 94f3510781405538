// Errors of the addon and their form: "Expected X for NAME but received Y".
#pragma once

#include <stdexcept>
#include <string>

namespace pada {

// An error that reaches JavaScript as an Error with this message and code.
class Error : public std::runtime_error {
 public:
  Error(std::string code, const std::string& message) : std::runtime_error(message), code_(std::move(code)) {}
  const std::string& code() const { return code_; }

 private:
  std::string code_;
};

[[noreturn]] inline void expected(const std::string& wanted, const std::string& name, const std::string& received) {
  throw Error("ERR_INVALID_ARGUMENT", "Expected " + wanted + " for " + name + " but received " + received);
}

}  // namespace pada
