// Run-time dispatch for the hand-written loops: the compiler makes one version per instruction set, and the loader
// picks one.
#pragma once

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#define PADA_SIMD __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define PADA_SIMD
#endif
