// The one thread that runs torch, and the base class of every call that uses it. OpenMP keeps a team of threads per
// calling thread, so several callers would put several teams on the same cores.
#pragma once

#include <napi.h>

#include <concepts>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>

#include "runtime/at_work.h"
#include "runtime/errors.h"

namespace pada {

class Mailbox;

// One asynchronous call. On the executor thread, `execute` computes, or gives a GPU what it has to compute; `complete`
// waits for it. Another task may execute between both. `result` converts on the JavaScript thread.
class PromiseTask {
 public:
  explicit PromiseTask(Napi::Env env);
  virtual ~PromiseTask() = default;

  // Queues the task, which deletes itself when it has settled its promise.
  static Napi::Promise start(std::unique_ptr<PromiseTask> task);

 protected:
  virtual void execute() = 0;
  // After execute(): whether complete() would not wait.
  virtual bool arrived() = 0;
  virtual void complete() = 0;
  virtual Napi::Value result(Napi::Env env) = 0;

 private:
  friend class ExecutorThread;
  // Does a part of the work; its error will be the answer.
  template <class Part>
  void attempt(Part part) noexcept;
  // Answers if the environment still takes answers, and deletes the task.
  void settle(Napi::Env env) noexcept;
  void answer(Napi::Env env);

  Napi::Promise::Deferred deferred_;
  // Made at the call, so that a rejection's stack shows who called.
  Napi::ObjectReference error_;
  std::optional<std::pair<std::string, std::string>> failure_;  // code, message
  Mailbox* mailbox_;
  AtWork at_work_;
};

// What work returns while the device still computes: arrived() says whether end() would not wait.
template <class Output>
concept UnderWay = requires(Output& output) {
  { output->arrived() } -> std::same_as<bool>;
  output->end();
};

// Runs `work`, which must not use JavaScript, and resolves with `convert(env, result of work)`. If the result is under
// way, later work may run before it ends.
template <class Work, class Convert>
Napi::Promise run_on_executor(Napi::Env env, Work work, Convert convert) {
  using Output = std::invoke_result_t<Work>;
  class Task : public PromiseTask {
   public:
    Task(Napi::Env task_env, Work task_work, Convert task_convert)
        : PromiseTask(task_env), work_(std::move(task_work)), convert_(std::move(task_convert)) {}

   protected:
    void execute() override { output_.emplace(work_()); }
    bool arrived() override {
      if constexpr (UnderWay<Output>) return !output_ || (*output_)->arrived();
      return true;
    }
    void complete() override {
      if constexpr (UnderWay<Output>) (*output_)->end();
    }
    Napi::Value result(Napi::Env task_env) override { return convert_(task_env, *output_); }

   private:
    Work work_;
    Convert convert_;
    std::optional<Output> output_;
  };
  return PromiseTask::start(std::make_unique<Task>(env, std::move(work), std::move(convert)));
}

// The same for work that returns nothing.
template <class Work>
Napi::Promise run_on_executor(Napi::Env env, Work work) {
  return run_on_executor(
      env, [work = std::move(work)]() mutable { return work(), true; },
      [](Napi::Env done_env, bool) { return done_env.Undefined(); });
}

// Prepares an environment (the main thread's or a worker's) to receive results. Called once per environment.
void prepare_environment(Napi::Env env);

}  // namespace pada
