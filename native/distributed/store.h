// Keys and values that the processes of a run share: they find each other by them, hand out work and say why they end.
#pragma once

#include <c10/util/intrusive_ptr.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace c10d {
class Store;
}

namespace pada {

// Where the values are kept.
struct StorePlace {
  std::string file;        // a file, for processes of one machine; or, if empty, a server:
  std::string host;        // address of the server
  uint16_t port = 0;       // and its port
  bool is_server = false;  // this process is the server
  std::string prefix;      // of all keys

  // For messages.
  std::string text() const { return file.empty() ? host + ":" + std::to_string(port) : file; }
};

// Opens a store of libtorch. Throws if the server does not answer within `seconds`.
c10::intrusive_ptr<c10d::Store> open_store(const StorePlace& place, double seconds);

// A store that always answers: a server that is gone or cut off is an error within kPatience. Any thread may call.
class SharedStore {
 public:
  static constexpr double kPatience = 10;  // seconds

  // Throws if the server does not answer within `seconds`.
  SharedStore(const StorePlace& place, double seconds);
  // Does not wait for a call that has no answer.
  ~SharedStore();
  SharedStore(const SharedStore&) = delete;
  SharedStore& operator=(const SharedStore&) = delete;

  void set(const std::string& key, const std::string& value, double patience = kPatience);
  // The value of a key; none if nobody has set it.
  std::optional<std::string> get(const std::string& key, double patience = kPatience);
  // Adds to a number that begins at 0, and returns the sum.
  int64_t add(const std::string& key, int64_t amount);

 private:
  struct Worker;
  void end();
  // Asks in the thread of the store. Throws ERR_STORE if there is no answer within `patience` seconds.
  void await(std::function<void()> question, double patience);
  // The same of the open store, whose errors are ERR_STORE too.
  void ask(std::function<void(c10d::Store&)> question, double patience = kPatience);

  std::shared_ptr<Worker> worker_;
  const std::string place_;
};

}  // namespace pada
