// What may compute while the process exits. `process.exit()` waits for nothing and destroys torch's statics, under
// threads that still use them: these would crash.
#pragma once

namespace pada {

// Something with a thread that may be at work. Its owner has it as a member.
class AtWork {
 public:
  AtWork();
  ~AtWork();
  AtWork(const AtWork&) = delete;
  AtWork& operator=(const AtWork&) = delete;
};

// To be called when JavaScript has ended and the process is about to exit with `code`. If anything is at work then, the
// process ends without destroying statics.
void process_exits(int code);

}  // namespace pada
