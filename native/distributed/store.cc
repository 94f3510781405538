#include "distributed/store.h"

#ifndef _WIN32
#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>
#endif

#include <cerrno>
#include <condition_variable>
#include <cstring>
#include <deque>
#include <future>
#include <mutex>
#include <thread>
#include <torch/csrc/distributed/c10d/FileStore.hpp>
#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>

#include "runtime/errors.h"

namespace pada {
namespace {

// Seconds that opening a store may take longer than the store is told.
constexpr double kOpening = 1;

std::chrono::milliseconds milliseconds(double seconds) {
  return std::chrono::milliseconds(static_cast<int64_t>(1000 * seconds));
}

// A socket that listens at the address of the server, and at no other address of this machine. The name may stand for
// the loopback address though other machines use it, as /etc/hosts often has it: then every address is listened at.
std::optional<int> listen_at(const StorePlace& place) {
#ifdef _WIN32
  return std::nullopt;
#else
  addrinfo hints{}, *found = nullptr;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_family = AF_UNSPEC;
  if (getaddrinfo(place.host.c_str(), std::to_string(place.port).c_str(), &hints, &found) != 0) return std::nullopt;
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> addresses(found, freeaddrinfo);
  char text[NI_MAXHOST];
  if (getnameinfo(found->ai_addr, found->ai_addrlen, text, sizeof text, nullptr, 0, NI_NUMERICHOST) != 0) {
    return std::nullopt;
  }
  const bool is_loopback = std::string(text).starts_with("127.") || std::string(text) == "::1";
  const bool means_loopback = place.host == "localhost" || place.host == "::1" || place.host.starts_with("127.");
  if (is_loopback && !means_loopback) return std::nullopt;
  const int listener = socket(found->ai_family, SOCK_STREAM, 0);
  if (listener < 0) return std::nullopt;
  const int yes = 1;
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  constexpr int kQueue = 1024;
  if (bind(listener, found->ai_addr, found->ai_addrlen) == 0 && listen(listener, kQueue) == 0) return listener;
  const int reason = errno;
  close(listener);
  // The address is of a gateway, not of this machine.
  if (reason == EADDRNOTAVAIL) return std::nullopt;
  throw Error("ERR_STORE", "Expected to listen at " + place.text() + " but received " + std::strerror(reason));
#endif
}

}  // namespace

c10::intrusive_ptr<c10d::Store> open_store(const StorePlace& place, double seconds) {
  c10::intrusive_ptr<c10d::Store> store;
  if (place.file.empty()) {
    c10d::TCPStoreOptions options;
    options.port = place.port;
    options.isServer = place.is_server;
    options.waitWorkers = false;
    options.timeout = milliseconds(seconds);
    if (place.is_server) {
      if (const auto listener = listen_at(place)) options.masterListenFd = *listener;
    }
    store = c10::make_intrusive<c10d::TCPStore>(place.host, options);
  } else {
    // Without a number of processes it does not count them, nor remove the file.
    store = c10::make_intrusive<c10d::FileStore>(place.file, -1);
  }
  store->setTimeout(milliseconds(seconds));
  return c10::make_intrusive<c10d::PrefixStore>(place.prefix, std::move(store));
}

// The thread that asks the store. It keeps itself alive, because a question may have no answer for a long time.
struct SharedStore::Worker {
  std::mutex mutex;
  std::condition_variable changed;
  std::deque<std::packaged_task<void()>> questions;
  bool ends = false;
  c10::intrusive_ptr<c10d::Store> store;

  void loop() {
    for (;;) {
      std::packaged_task<void()> question;
      {
        std::unique_lock lock(mutex);
        changed.wait(lock, [&] { return ends || !questions.empty(); });
        if (questions.empty()) return;
        question = std::move(questions.front());
        questions.pop_front();
      }
      question();
    }
  }
};

SharedStore::SharedStore(const StorePlace& place, double seconds)
    : worker_(std::make_shared<Worker>()), place_(place.text()) {
  std::thread([worker = worker_] { worker->loop(); }).detach();
  const auto store = std::make_shared<c10::intrusive_ptr<c10d::Store>>();
  try {
    // A store whose folder is gone is waited for without end.
    await([place, seconds, store] { *store = open_store(place, seconds); }, seconds + kOpening);
  } catch (...) {
    end();
    throw;
  }
  worker_->store = *store;
}

SharedStore::~SharedStore() { end(); }

void SharedStore::end() {
  std::lock_guard lock(worker_->mutex);
  worker_->ends = true;
  worker_->changed.notify_all();
}

void SharedStore::await(std::function<void()> question, double patience) {
  std::packaged_task<void()> task(std::move(question));
  std::future<void> answer = task.get_future();
  {
    std::lock_guard lock(worker_->mutex);
    worker_->questions.push_back(std::move(task));
  }
  worker_->changed.notify_all();
  if (answer.wait_for(milliseconds(patience)) != std::future_status::ready) {
    throw Error("ERR_STORE", "Expected an answer from the store at " + place_ + " but received none");
  }
  answer.get();
}

void SharedStore::ask(std::function<void(c10d::Store&)> question, double patience) {
  // The worker outlives the question, which may outlive this object.
  auto put = [worker = worker_.get(), question = std::move(question)] { question(*worker->store); };
  try {
    await(std::move(put), patience);
  } catch (const Error&) {
    throw;
  } catch (const std::exception&) {
    throw Error("ERR_STORE", "Expected an answer from the store at " + place_ + " but received an error");
  }
}

void SharedStore::set(const std::string& key, const std::string& value, double patience) {
  const std::vector<uint8_t> bytes(value.begin(), value.end());
  ask([key, bytes](c10d::Store& store) { store.set(key, bytes); }, patience);
}

std::optional<std::string> SharedStore::get(const std::string& key, double patience) {
  // The answer may come after this call has given up.
  const auto value = std::make_shared<std::optional<std::string>>();
  ask(
      [key, value](c10d::Store& store) {
        if (!store.check({key})) return;
        const std::vector<uint8_t> bytes = store.get(key);
        value->emplace(bytes.begin(), bytes.end());
      },
      patience);
  return *value;
}

int64_t SharedStore::add(const std::string& key, int64_t amount) {
  const auto sum = std::make_shared<int64_t>(0);
  ask([key, amount, sum](c10d::Store& store) { *sum = store.add(key, amount); });
  return *sum;
}

}  // namespace pada
