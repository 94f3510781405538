// A library with the functions of NVRTC and of CUDA's driver that the addon calls, for tests where there is no GPU. The
// compiler of C++ compiles the same source of the kernels, after what emulates a block of threads, and launches compute
// on the memory of the CPU, before they return.
//
// STAND_IN_CUDA_REFUSES=NAME: the program of that name does not compile. STAND_IN_CUDA_SPOILS=NAME: the kernel whose
// name begins so computes nothing.
#include <dlfcn.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string>

namespace {

constexpr int kSuccess = 0, kInvalidValue = 1, kNotFound = 500, kCompilation = 6;

// Threads of a block are fibers, which a barrier leaves. Their order alternates, so that results differ if a barrier is
// missing, and the process ends if some threads of a block wait at a barrier while others have ended.
const char kEmulation[] = R"emulation(
#include <setjmp.h>
#include <ucontext.h>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#define __device__
#define __global__
#define __forceinline__ inline
#define __shared__ static

struct Index {
  int x, y, z;
};
static Index blockIdx, threadIdx, gridDim;

static float __uint_as_float(unsigned bits) {
  float value;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}
static unsigned __float_as_uint(float value) {
  unsigned bits;
  std::memcpy(&bits, &value, sizeof bits);
  return bits;
}
static int min(int a, int b) { return a < b ? a : b; }
static int max(int a, int b) { return a > b ? a : b; }
static unsigned atomicAdd(unsigned* at, unsigned value) { return (*at += value) - value; }
static void __threadfence() {}

namespace emulation {

constexpr int kFibers = 256;
constexpr size_t kStack = 1 << 16;
enum State { kNew, kRunning, kWaiting, kDone };

struct Fiber {
  State state;
  jmp_buf place;
  ucontext_t context;
  char* stack;
};
static Fiber fibers[kFibers];
static jmp_buf scheduler;
static int current;
static void (*body)(const void*);
static const void* arguments;

static __attribute__((noinline)) void leave(State state) {
  fibers[current].state = state;
  if (_setjmp(fibers[current].place) == 0) _longjmp(scheduler, 1);
}

static void live() {
  for (;;) {
    body(arguments);
    leave(kDone);
  }
}

static __attribute__((noinline)) void enter(int i) {
  Fiber& fiber = fibers[i];
  current = i;
  threadIdx.x = i;
  if (_setjmp(scheduler) != 0) return;
  if (fiber.stack != nullptr) _longjmp(fiber.place, 1);
  fiber.stack = static_cast<char*>(std::malloc(kStack));
  getcontext(&fiber.context);
  fiber.context.uc_stack.ss_sp = fiber.stack;
  fiber.context.uc_stack.ss_size = kStack;
  fiber.context.uc_link = nullptr;
  makecontext(&fiber.context, live, 0);
  setcontext(&fiber.context);
}

static void run_block(bool backwards) {
  for (;; backwards = !backwards) {
    int done = 0;
    for (int i = 0; i < kFibers; i++) enter(backwards ? kFibers - 1 - i : i);
    for (const Fiber& fiber : fibers) done += fiber.state == kDone;
    if (done == kFibers) return;
    if (done == 0) continue;
    std::fprintf(stderr, "%d threads of a block ended while others waited at a barrier\n", done);
    std::abort();
  }
}

static void run_grid(int x, int y, void (*kernel)(const void*), const void* given) {
  static int launches = 0;
  const bool backwards = launches++ % 2 == 1;
  body = kernel;
  arguments = given;
  gridDim = {x, y, 1};
  for (int i = 0; i < x * y; i++) {
    const int block = backwards ? x * y - 1 - i : i;
    blockIdx = {block % x, block / x, 0};
    run_block(backwards);
  }
}

}  // namespace emulation

static void __syncthreads() { emulation::leave(emulation::kWaiting); }

#define KERNEL(name, Arguments)                                                                               \
  static void name##_body(const Arguments& a);                                                                \
  extern "C" void name(const void* given, int x, int y) {                                                     \
    const Arguments a = *static_cast<const Arguments*>(given);                                                \
    emulation::run_grid(x, y, [](const void* p) { name##_body(*static_cast<const Arguments*>(p)); }, &a);     \
  }                                                                                                           \
  static void name##_body(const Arguments& a)
)emulation";

struct Program {
  std::string source, name, log, binary;
};

struct Function {
  std::string name;
  void (*run)(const void*, int, int);
};

std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// A new file of the system's temporary folder.
std::string write_file(const std::string& bytes, const char* ending) {
  static int files = 0;
  const char* folder = std::getenv("TMPDIR");
  const std::string path = std::string(folder == nullptr ? "/tmp" : folder) + "/pada-stand-in-cuda-" +
                           std::to_string(getpid()) + "-" + std::to_string(files++) + ending;
  std::ofstream(path, std::ios::binary) << bytes;
  return path;
}

bool begins_with(const std::string& text, const char* variable) {
  const char* beginning = std::getenv(variable);
  return beginning != nullptr && *beginning != '\0' && text.rfind(beginning, 0) == 0;
}

int copy(const std::string& from, char* to) {
  std::memcpy(to, from.data(), from.size());
  return kSuccess;
}

}  // namespace

extern "C" {

int nvrtcVersion(int* major, int* minor) {
  *major = 0;
  *minor = 1;
  return kSuccess;
}

int nvrtcGetNumSupportedArchs(int* count) {
  *count = 1;
  return kSuccess;
}

int nvrtcGetSupportedArchs(int* list) {
  *list = 90;
  return kSuccess;
}

const char* nvrtcGetErrorString(int result) {
  return result == kCompilation ? "NVRTC_ERROR_COMPILATION" : "another error";
}

int nvrtcCreateProgram(void** program, const char* source, const char* name, int, const char* const*,
                       const char* const*) {
  *program = new Program{source, name, "", ""};
  return kSuccess;
}

int nvrtcDestroyProgram(void** program) {
  delete static_cast<Program*>(*program);
  return kSuccess;
}

int nvrtcCompileProgram(void* handle, int, const char* const*) {
  auto* program = static_cast<Program*>(handle);
  if (begins_with(program->name, "STAND_IN_CUDA_REFUSES")) {
    program->log = program->name + "(1): error: refused\nanother line\n";
    return kCompilation;
  }
  const std::string source = write_file(kEmulation + program->source, ".cc");
  const std::string library = source + ".so", log = source + ".log";
  const char* compiler = std::getenv("CXX");
  const std::string command = std::string(compiler == nullptr ? "c++" : compiler) +
                              " -shared -fPIC -std=c++17 -O1 -w -U_FORTIFY_SOURCE '" + source + "' -o '" + library +
                              "' 2> '" + log + "'";
  const bool failed = std::system(command.c_str()) != 0;
  program->log = failed ? read_file(log) : "";
  program->binary = read_file(library);
  for (const std::string& path : {source, library, log}) unlink(path.c_str());
  return failed ? kCompilation : kSuccess;
}

int nvrtcGetProgramLogSize(void* program, size_t* size) {
  *size = static_cast<Program*>(program)->log.size() + 1;
  return kSuccess;
}

int nvrtcGetProgramLog(void* program, char* to) { return copy(static_cast<Program*>(program)->log, to); }

int nvrtcGetCUBINSize(void* program, size_t* size) {
  *size = static_cast<Program*>(program)->binary.size();
  return kSuccess;
}

int nvrtcGetCUBIN(void* program, char* to) { return copy(static_cast<Program*>(program)->binary, to); }

int nvrtcGetPTXSize(void* program, size_t* size) { return nvrtcGetCUBINSize(program, size); }

int nvrtcGetPTX(void* program, char* to) { return nvrtcGetCUBIN(program, to); }

int cuDeviceGet(int* device, int) {
  *device = 0;
  return kSuccess;
}

int cuDeviceGetAttribute(int* value, int attribute, int) {
  *value = attribute == 75 ? 9 : 0;
  return kSuccess;
}

// The length of a library is where its table of sections ends, as of a file of ELF64 without more behind it.
int cuModuleLoadData(void** module, const void* image) {
  const char* bytes = static_cast<const char*>(image);
  unsigned long long sections;
  unsigned short size, count;
  std::memcpy(&sections, bytes + 0x28, sizeof sections);
  std::memcpy(&size, bytes + 0x3a, sizeof size);
  std::memcpy(&count, bytes + 0x3c, sizeof count);
  const std::string path = write_file({bytes, sections + size * count}, ".so");
  *module = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  unlink(path.c_str());
  return *module == nullptr ? kInvalidValue : kSuccess;
}


int cuModuleGetFunction(void** function, void* module, const char* name) {
  void* symbol = dlsym(module, name);
  if (symbol == nullptr) return kNotFound;
  *function = new Function{name, reinterpret_cast<void (*)(const void*, int, int)>(symbol)};
  return kSuccess;
}

int cuLaunchKernel(void* handle, unsigned x, unsigned y, unsigned z, unsigned threads, unsigned, unsigned, unsigned,
                   void*, void** parameters, void**) {
  if (x == 0 || y == 0 || z != 1 || threads != 256 || x > 0x7fffffff || y > 65535) return kInvalidValue;
  const auto* function = static_cast<const Function*>(handle);
  if (!begins_with(function->name, "STAND_IN_CUDA_SPOILS")) {
    function->run(parameters[0], static_cast<int>(x), static_cast<int>(y));
  }
  return kSuccess;
}

int cuGetErrorString(int result, const char** text) {
  *text = result == kInvalidValue ? "invalid argument" : "named symbol not found";
  return kSuccess;
}
}
