/* The code paths that this build has. */

#include "scan.h"

const path_t *const SCAN_PATHS[] = {
#if X86
    &scan_path_avx512,
    &scan_path_avx2,
    &scan_path_popcnt,
#endif
    &scan_path_portable,
};

enum { COUNT = sizeof SCAN_PATHS / sizeof *SCAN_PATHS };

const path_t *scan_path(int number) {
  return number < 0 || number >= COUNT ? NULL : SCAN_PATHS[number];
}

/* The name of a path, or NULL after the last. */
EXPORT const char *path_name(int number) {
  return scan_path(number) ? scan_path(number)->name : NULL;
}

/* Whether this processor can run a path. */
EXPORT int path_supported(int number) {
  return scan_path(number) && scan_path(number)->supported();
}

int scan_places_fit(const int64_t *places, int64_t q, int64_t hits) {
  if (places[0] < 0) return 0;
  for (int64_t i = 0; i < q; i++)
    if (places[i + 1] < places[i]) return 0;
  return places[q] <= hits;
}

/* The VERSION of library.py that these functions are for. */
EXPORT int scan_version(void) { return 5; }
