/* The code path of AVX2, which has no instruction that counts the bits of a
   vector: Intel since Haswell, AMD since Excavator. */

#include "scan.h"

#if X86
#define VECTOR 8
#define TARGET __attribute__((target("avx2,popcnt")))
#define NAME(x) avx2_##x

/* In this order. */
#include "scan_body.h"
#include "nibble_planes.h"
#include "nibble_counts.h"
#include "multi_index_body.h"

static int supported(void) {
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("popcnt");
}

const path_t scan_path_avx2 = {
    "avx2",
    supported,
    NAME(nearest),
    NAME(within),
    NAME(counts),
    NAME(sum_nibbles),
    NAME(probe),
};

#endif
