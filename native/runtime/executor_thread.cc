#include "runtime/executor_thread.h"

#include <atomic>
#include <chrono>
#include <set>
#include <unordered_set>
#include <utility>

#include "runtime/addon_data.h"
#include "runtime/stopwatch.h"
#include "runtime/torch.h"

namespace pada {

// Brings results back to one JavaScript environment. It is deleted when the environment closes, after the executor has
// finished with its tasks.
class Mailbox {
 public:
  explicit Mailbox(Napi::Env env) {
    Napi::Function none = Napi::Function::New(env, [](const Napi::CallbackInfo&) {});
    channel_ = Napi::ThreadSafeFunction::New(env, none, "pada-native", 0, 1);
    channel_.Unref(env);
  }

  // The process stays alive as long as a call is under way, and no longer. JavaScript thread only.
  void begin(Napi::Env env, PromiseTask* task) {
    if (under_way_.empty()) channel_.Ref(env);
    under_way_.insert(task);
  }
  void end(Napi::Env env, PromiseTask* task) {
    under_way_.erase(task);
    if (under_way_.empty()) channel_.Unref(env);
  }

  bool closed() const { return closed_; }
  void close() {
    closed_ = true;
    channel_.Abort();
  }
  // Deletes the tasks that will never be settled, with the supernets and images that they hold. JavaScript thread only,
  // because tasks hold JavaScript references. The executor must have finished with them.
  void abandon() {
    for (PromiseTask* task : std::exchange(under_way_, {})) delete task;
  }

  template <class Callback>
  bool post(Callback callback) {
    return !closed_ && channel_.NonBlockingCall(callback) == napi_ok;
  }

 private:
  Napi::ThreadSafeFunction channel_;
  std::unordered_set<PromiseTask*> under_way_;
  std::atomic<bool> closed_{false};
};

template <class Part>
void PromiseTask::attempt(Part part) noexcept {
  try {
    part();
  } catch (const Error& error) {
    failure_ = {error.code(), error.what()};
  } catch (const c10::Error& error) {
    failure_ = {"ERR_TORCH", error.what_without_backtrace()};
  } catch (const std::exception& error) {
    failure_ = {"ERR_NATIVE", error.what()};
  }
}

class ExecutorThread {
 public:
  // Never destroyed: at exit, torch's statics may be destroyed first.
  static ExecutorThread& instance() {
    static auto* executor = new ExecutorThread();
    return *executor;
  }

  void post(PromiseTask* task) {
    {
      std::lock_guard lock(mutex_);
      tasks_.push_back(task);
    }
    wake_.notify_one();
  }

  // Drops the queued tasks of a closing environment without an answer, and waits until the executor holds none of its
  // tasks.
  void leave(Mailbox* mailbox) {
    std::unique_lock lock(mutex_);
    std::erase_if(tasks_, [&](PromiseTask* task) { return task->mailbox_ == mailbox; });
    idle_.wait(lock, [&] { return !served_.contains(mailbox); });
  }

 private:
  ExecutorThread() {
    std::thread([this] { loop(); }).detach();
  }

  void loop() {
    c10::InferenceMode no_autograd;
    PromiseTask* under_way = nullptr;  // executed, but a GPU still computes
    for (;;) {
      // The GPU gets the next task before anybody waits for the results of the one before.
      PromiseTask* task = next(under_way);
      if (task != nullptr) {
        Stopwatch::Scope busy(Family::Other);
        task->attempt([task] { task->execute(); });
      }
      if (under_way != nullptr) finish(under_way);
      under_way = task;
      if (under_way == nullptr || !has_arrived(*under_way)) continue;
      finish(under_way);
      under_way = nullptr;
    }
  }

  // Waits for a task, or until the results of `under_way` have arrived: null then.
  PromiseTask* next(PromiseTask* under_way) {
    // How often the executor looks. Waking up takes about as long.
    constexpr auto kLook = std::chrono::microseconds(20);
    std::unique_lock lock(mutex_);
    while (tasks_.empty()) {
      if (under_way == nullptr) {
        wake_.wait(lock);
      } else if (has_arrived(*under_way)) {
        return nullptr;
      } else {
        wake_.wait_for(lock, kLook);
      }
    }
    PromiseTask* task = tasks_.front();
    tasks_.pop_front();
    served_.insert(task->mailbox_);
    return task;
  }

  // Completing a task reports the errors of looking for its results.
  static bool has_arrived(PromiseTask& task) noexcept {
    try {
      return task.arrived();
    } catch (const std::exception&) {
      return true;
    }
  }

  void finish(PromiseTask* task) {
    // The task may be settled, and deleted, before the executor is done with it.
    Mailbox* const mailbox = task->mailbox_;
    {
      Stopwatch::Scope busy(Family::Other);
      if (!task->failure_) task->attempt([task] { task->complete(); });
    }
    // If the environment is closing, nothing is posted, and abandon() deletes the task.
    mailbox->post([task](Napi::Env env, Napi::Function) { task->settle(env); });
    {
      std::lock_guard lock(mutex_);
      served_.erase(served_.find(mailbox));
    }
    idle_.notify_all();
  }

  std::mutex mutex_;
  std::condition_variable wake_, idle_;
  std::deque<PromiseTask*> tasks_;
  // Of the tasks that the executor holds.
  std::multiset<Mailbox*> served_;
};

void prepare_environment(Napi::Env env) {
  auto* addon_data = new AddonData();
  auto* mailbox = addon_data->mailbox = new Mailbox(env);
  env.SetInstanceData(addon_data);
  env.AddCleanupHook([mailbox] {
    mailbox->close();
    ExecutorThread::instance().leave(mailbox);
    mailbox->abandon();
    delete mailbox;
  });
}

PromiseTask::PromiseTask(Napi::Env env)
    : deferred_(Napi::Promise::Deferred::New(env)),
      error_(Napi::Persistent(Napi::Error::New(env, "").Value())),
      mailbox_(AddonData::of(env).mailbox) {
  mailbox_->begin(env, this);
}

Napi::Promise PromiseTask::start(std::unique_ptr<PromiseTask> task) {
  Napi::Promise promise = task->deferred_.Promise();
  ExecutorThread::instance().post(task.release());
  return promise;
}

void PromiseTask::settle(Napi::Env env) noexcept {
  const std::unique_ptr<PromiseTask> self(this);
  try {
    const Napi::HandleScope scope(env);
    mailbox_->end(env, this);
    answer(env);
  } catch (const std::exception&) {
    // A terminated worker refuses every call. Nobody waits for the promise any more.
  }
}

void PromiseTask::answer(Napi::Env env) {
  if (!failure_) {
    try {
      deferred_.Resolve(result(env));
      return;
    } catch (const std::exception& error) {
      failure_ = {"ERR_NATIVE", error.what()};
    }
  }
  Napi::Object error = error_.Value();
  const std::string stack = error.Get("stack").ToString();
  const size_t frames = stack.find("\n    at ");
  error.Set("code", failure_->first);
  error.Set("message", failure_->second);
  error.Set("stack", "Error: " + failure_->second + (frames == std::string::npos ? "" : stack.substr(frames)));
  deferred_.Reject(error);
}

}  // namespace pada
