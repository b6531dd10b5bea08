/* The code path of the instruction POPCNT: x86 processors since 2008. */

#include "scan.h"

#if X86
#define VECTOR 4
#define TARGET __attribute__((target("popcnt")))
#define NAME(x) popcnt_##x

/* In this order. */
#include "scan_body.h"
#include "row_scan.h"
#include "sum_body.h"
#include "multi_index_body.h"

static int supported(void) { return __builtin_cpu_supports("popcnt") != 0; }

const path_t scan_path_popcnt = {
    "popcnt",
    supported,
    NAME(nearest_rows),
    NAME(within_rows),
    NAME(visit_counts),
    NAME(sum_tiles),
    NAME(probe),
};

#endif
