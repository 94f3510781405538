#include "distributed/communicator.h"

#define USE_C10D_GLOO
#include <chrono>
#include <cstdlib>
#include <future>
#include <mutex>
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>

#include "runtime/errors.h"

namespace pada {
namespace {

using Clock = std::chrono::steady_clock;

// Seconds between two signs of life.
constexpr double kBeat = 0.5;
// A wait that takes longer looks whether the others live.
constexpr double kSuspicion = 1;
// Seconds between two looks at a GPU that sums.
constexpr double kGlance = 2e-5;
// Seconds to find out who broke a connection.
constexpr double kInquiry = 4;
// Without a sign of life for so long, a rank whose connection broke is dead. Nor is a rank waited for longer that left.
constexpr double kDead = 2;
// Signs of life between two looks at a store in a file.
constexpr int64_t kReading = 20;

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

void sleep(double seconds) { std::this_thread::sleep_for(std::chrono::duration<double>(seconds)); }

std::string key_of(const char* name, int rank) { return std::string(name) + '/' + std::to_string(rank); }

[[noreturn]] void throw_left(int rank) {
  throw Error("ERR_PEER", "Expected all processes to go on but rank " + std::to_string(rank) + " has left");
}

// The address at which the other ranks reach this one.
std::shared_ptr<gloo::transport::Device> device_for(const StorePlace& place) {
  using Group = c10d::ProcessGroupGloo;
  if (const char* name = std::getenv("GLOO_SOCKET_IFNAME"); name != nullptr && *name != 0) {
    return Group::createDeviceForInterface(name);
  }
  const bool local = !place.file.empty() || place.host == "localhost" || place.host.starts_with("127.");
  return local ? Group::createDeviceForHostname("127.0.0.1") : Group::createDefaultDevice();
}

}  // namespace

struct Communicator::Group {
  c10::intrusive_ptr<c10d::ProcessGroupGloo> gloo;
};

struct Communicator::Sum {
  c10::intrusive_ptr<c10d::Work> work;  // of Gloo; null:
  std::optional<NcclGroup::Sum> nccl;   // of NCCL
  std::vector<at::Tensor> tensors;
};

// What is known of the other ranks: their last signs of life, and when they came.
struct Communicator::Peers {
  struct Peer {
    std::string sign;
    Clock::time_point since = Clock::now();
  };
  std::mutex mutex;
  std::vector<Peer> peers;
};

Communicator::Communicator(CommunicatorOptions options)
    : options_(std::move(options)), store_(options_.place, options_.connect), peers_(std::make_unique<Peers>()) {
  peers_->peers.resize(size());
  signs_of_life_ = std::thread([this] { live(); });
}

Communicator::~Communicator() {
  ends_ = true;
  signs_of_life_.join();
  // The destructor of Gloo's group waits for sums that are under way, perhaps forever: the process ends without it.
  if (group_) new c10::intrusive_ptr<c10d::ProcessGroupGloo>(std::move(group_->gloo));
}

void Communicator::fall_silent() {
  // No sign of life comes after this.
  std::lock_guard lock(sign_);
  silent_ = true;
}

void Communicator::live() {
  for (int64_t beat = 0; !ends_; beat++) {
    try {
      {
        const std::lock_guard lock(sign_);
        if (!silent_) store_.set(key_of("alive", rank()), std::to_string(beat) + ":" + std::to_string(sums_), kDead);
      }
      // A file keeps every sign of life. Whoever has not read it for days would take longer than a question may.
      if (!options_.place.file.empty() && beat % kReading == 0) store_.get("failure", kDead);
    } catch (const Error&) {
      // Whoever waits for the store finds out.
    }
    for (int i = 0; i < 10 && !ends_; i++) sleep(kBeat / 10);
  }
}

void Communicator::connect() {
  // Gloo's own limit comes after that of finish(), whose sentence says more.
  const std::chrono::seconds limit(static_cast<int64_t>(options_.patience) + 60);
  const auto options = c10d::ProcessGroupGloo::Options::create(limit);
  options->devices.push_back(device_for(options_.place));
  StorePlace place = options_.place;
  place.is_server = false;
  place.prefix += "gloo/";
  const auto store = open_store(place, options_.patience);
  // Gloo waits for the others without looking whether they live, so it waits in a thread of its own, which may be left
  // behind.
  using Gloo = c10::intrusive_ptr<c10d::ProcessGroupGloo>;
  std::packaged_task<Gloo()> meet([store, options, rank = rank(), size = size()] {
    return c10::make_intrusive<c10d::ProcessGroupGloo>(store, rank, size, options);
  });
  std::future<Gloo> met = meet.get_future();
  std::thread(std::move(meet)).detach();
  const std::chrono::duration<double> pause(kBeat);
  while (met.wait_for(pause) != std::future_status::ready) check();
  try {
    group_ = std::make_unique<Group>(Group{met.get()});
  } catch (const std::exception& error) {
    broken(error.what());
  }
}

std::string Communicator::connect_nccl(const std::string& library, const std::string& id, at::Device device) {
  nccl_ = std::make_unique<NcclGroup>(library, id, rank(), size(), device, [this] { check(); });
  return nccl_->version();
}

at::Device Communicator::place_of_sums(at::Device device) const {
  return nccl_ && nccl_->device() == device ? device : at::Device(at::kCPU);
}

std::shared_ptr<Communicator::Sum> Communicator::begin_sum(at::Tensor tensor) {
  if (!group_) expected("connected processes", "a sum", "a call before connect()");
  sums_++;
  bytes_ += static_cast<int64_t>(tensor.nbytes());
  auto sum = std::make_shared<Sum>();
  if (nccl_ && nccl_->device() == tensor.device()) {
    sum->nccl = nccl_->begin_sum(std::move(tensor), [this] { check(); });
    return sum;
  }
  sum->tensors = {std::move(tensor)};
  sum->work = group_->gloo->allreduce(sum->tensors);
  return sum;
}

void Communicator::sum(const at::Tensor& tensor) {
  const at::Tensor own = tensor.clone();
  finish(begin_sum(own));
  tensor.copy_(own);
}

bool Communicator::waits(const Sum& sum, double seconds) {
  if (sum.nccl) {
    const auto start = Clock::now();
    while (!nccl_->is_done(*sum.nccl)) {
      if (seconds_since(start) > seconds) return false;
      sleep(kGlance);
    }
    return true;
  }
  try {
    // A wait that runs out is an exception, which is slow to make.
    sum.work->wait(std::chrono::milliseconds(static_cast<int64_t>(1000 * seconds)));
    return true;
  } catch (const std::exception& error) {
    if (!sum.work->isCompleted()) return false;
    // It may have been completed between the end of the wait and this line.
    if (sum.work->isSuccess()) return true;
    broken(error.what());
  }
}

void Communicator::finish(const std::shared_ptr<Sum>& sum) {
  const auto start = Clock::now();
  try {
    // Short waits are the rule.
    while (!waits(*sum, seconds_since(start) < kSuspicion ? kSuspicion : kBeat)) {
      check();
      if (seconds_since(start) > options_.patience) {
        throw Error("ERR_PEER", "Expected all processes within " + std::to_string(static_cast<int>(options_.patience)) +
                                    " s but received nothing from at least one, which is alive");
      }
    }
  } catch (const Error&) {
    // A sum of NCCL occupies the GPU until it is done.
    if (nccl_) nccl_->abort();
    throw;
  }
  waited_ = waited_ + seconds_since(start);
}

void Communicator::throw_failure() {
  if (const auto failure = store_.get("failure")) throw Error("ERR_PEER", *failure);
}

void Communicator::check() {
  throw_failure();
  std::lock_guard lock(peers_->mutex);
  for (int other = 0; other < size(); other++) {
    if (other == rank()) continue;
    const std::string sign = store_.get(key_of("alive", other)).value_or("");
    auto& [last, since] = peers_->peers[other];
    // One that has not started yet is not gone.
    if (sign.empty() || sign != last) {
      last = sign;
      since = Clock::now();
    } else if (sign == "left") {
      // At the end all leave, one a little sooner than another.
      if (seconds_since(since) > kDead) throw_left(other);
    } else if (seconds_since(since) > options_.silence) {
      throw Error("ERR_PEER", "Expected a sign of life of rank " + std::to_string(other) + " but received none for " +
                                  std::to_string(static_cast<int>(options_.silence)) + " s");
    }
  }
}

void Communicator::fail(const std::string& reason) {
  if (store_.add("failures", 1) == 1) store_.set("failure", reason);
}

void Communicator::broken(const std::string& message) {
  const auto start = Clock::now();
  std::vector<std::string> first(size());
  std::vector<Clock::time_point> since(size(), start);
  while (seconds_since(start) < kInquiry) {
    throw_failure();
    for (int other = 0; other < size(); other++) {
      if (other == rank()) continue;
      const std::string sign = store_.get(key_of("alive", other)).value_or("");
      if (sign == "left") throw_left(other);
      if (sign != first[other]) {
        first[other] = sign;
        since[other] = Clock::now();
      } else if (seconds_since(since[other]) > kDead) {
        throw Error("ERR_PEER",
                    "Expected all processes to go on but rank " + std::to_string(other) + " has ended without a word");
      }
    }
    sleep(kBeat / 5);
  }
  throw Error("ERR_PEER",
              "Expected connections to all processes but one broke: " + message.substr(0, message.find('\n')));
}

}  // namespace pada
