/* The code path of AVX-512 VPOPCNTDQ, which counts the bits of eight words at
   once: Intel since Ice Lake, AMD since Zen 4. */

#include "scan.h"

#if X86
#ifdef __clang__
#define WIDE
#else
#define WIDE ",prefer-vector-width=512"
#endif
#define VECTOR 8
#define TARGET                                                       \
  __attribute__((target("popcnt,avx512f,avx512bw,avx512dq,avx512vl," \
                        "avx512vpopcntdq" WIDE)))
#define NAME(x) avx512_##x

/* In this order. */
#include "scan_body.h"
#include "sum_body.h"
#include "multi_index_body.h"

static int supported(void) {
  return __builtin_cpu_supports("avx512vpopcntdq") &&
         __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512dq") &&
         __builtin_cpu_supports("avx512vl");
}

const path_t scan_path_avx512 = {
    "avx512",
    supported,
    NAME(visit_nearest),
    NAME(visit_within),
    NAME(visit_counts),
    NAME(sum_tiles),
    NAME(probe),
};

#endif
