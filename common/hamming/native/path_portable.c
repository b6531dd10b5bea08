/* The code path of plain C, for every processor. On ARM the compiler makes
   NEON's `cnt` of its population counts by itself. */

#include "scan.h"

#define VECTOR 8
#define TARGET
#define NAME(x) portable_##x

/* In this order. */
#include "scan_body.h"
#include "sum_body.h"
#include "multi_index_body.h"

static int supported(void) { return 1; }

const path_t scan_path_portable = {
    "portable",
    supported,
    NAME(visit_nearest),
    NAME(visit_within),
    NAME(visit_counts),
    NAME(sum_tiles),
    NAME(probe),
};
