// The processes that train a supernet together: sums over all of them by Gloo, the engine of PyTorch on CPUs, or of
// tensors on GPUs by NCCL, and who of them lives. Every wait ends: with the result, or with an error that names the
// rank that is gone.
#pragma once

#include <ATen/core/Tensor.h>

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "distributed/nccl.h"
#include "distributed/store.h"

namespace pada {

struct CommunicatorOptions {
  StorePlace place;
  int rank = 0, size = 1;
  // Seconds: to connect to the store; without a sign of life, after which a rank counts as gone; and that a living rank
  // may be late.
  double connect = 0, silence = 0, patience = 0;
};

class Communicator {
 public:
  // A sum that is under way.
  struct Sum;

  // Connects to the store and begins to give signs of life.
  explicit Communicator(CommunicatorOptions options);
  ~Communicator();

  int rank() const { return options_.rank; }
  int size() const { return options_.size; }
  SharedStore& store() { return store_; }

  // Connects to the other ranks, all of which must call it. Executor thread, as all below.
  void connect();
  // Connects the GPUs of all ranks, which sum by NCCL from now on. All ranks must call it. Returns NCCL's version.
  std::string connect_nccl(const std::string& library, const std::string& id, at::Device device);
  // Where tensors should be that are summed: on `device` if NCCL connects it, else on the CPU.
  at::Device place_of_sums(at::Device device) const;
  // Sums a contiguous tensor over all ranks, in place; all ranks get the same bits. Ranks must call for the same
  // tensors in the same order.
  std::shared_ptr<Sum> begin_sum(at::Tensor tensor);
  void finish(const std::shared_ptr<Sum>& sum);
  // A sum that has failed may still be written when its tensor's memory is gone, so this one sums a copy.
  void sum(const at::Tensor& tensor);

  // Any thread. Throws if a rank is gone or has failed.
  void check();
  // Tells the others, unless one of them has told before, that this rank fails because of `reason`.
  void fail(const std::string& reason);

  // The wish of this rank to stop, which the next step tells all ranks.
  void request_stop() { stop_requested_ = true; }
  bool stop_requested() const { return stop_requested_; }

  // Bytes that this rank has given to sums, and seconds that it has waited for them.
  int64_t bytes() const { return bytes_; }
  double waited() const { return waited_; }

  // Ends the signs of life: the process leaves, or, in tests, is as if it had been stopped.
  void fall_silent();

 private:
  struct Peers;

  void live();
  // Throws the reason why a connection broke, as far as it can be found out.
  [[noreturn]] void broken(const std::string& message);
  void throw_failure();
  // Waits a little. True if the sum is done.
  bool waits(const Sum& sum, double seconds);

  const CommunicatorOptions options_;
  SharedStore store_;
  std::unique_ptr<Peers> peers_;
  std::atomic<int64_t> sums_ = 0;  // begun so far
  std::atomic<bool> stop_requested_ = false, silent_ = false, ends_ = false;
  std::atomic<int64_t> bytes_ = 0;
  std::atomic<double> waited_ = 0;
  std::mutex sign_;  // held while a sign of life is given
  std::thread signs_of_life_;
  struct Group;
  std::unique_ptr<Group> group_;
  std::unique_ptr<NcclGroup> nccl_;
};

}  // namespace pada
