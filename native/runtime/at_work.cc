#include "runtime/at_work.h"

#include <unistd.h>

#include <atomic>
#include <cstdlib>

namespace pada {
namespace {

std::atomic<int> g_at_work{0};
int g_code = 0;

}  // namespace

AtWork::AtWork() { g_at_work++; }
AtWork::~AtWork() { g_at_work--; }

void process_exits(int code) {
  g_code = code;
  // The last one registered runs first, before the destructors of all statics, also of those that torch made late.
  std::atexit([] {
    if (g_at_work > 0) _exit(g_code);
  });
}

}  // namespace pada
