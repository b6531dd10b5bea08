/* Multi-index hashing, called by multi_index.py: tables of the items by each
   substring of their codes. Padding bits are part of a substring and always
   zero. */

#include "scan.h"

/* Sorts the positions of all items by one substring, by counting. */
EXPORT int build_table(int path, int64_t n, int64_t width, int64_t first,
                       int64_t bits, const uint8_t *rows, uint32_t *starts,
                       uint32_t *members) {
  (void)path;
  int64_t values = 1ll << bits;
  memset(starts, 0, (size_t)(values + 1) * 4);
  for (int64_t i = 0; i < n; i++)
    starts[substring(rows + i * width, width, first, bits) + 1]++;
  for (int64_t v = 0; v < values; v++) starts[v + 1] += starts[v];
  for (int64_t i = 0; i < n; i++)
    members[starts[substring(rows + i * width, width, first, bits)]++] =
        (uint32_t)i;
  /* Every start has moved to the next one. */
  memmove(starts + 1, starts, (size_t)values * 4);
  starts[0] = 0;
  return 0;
}

/* Whether substrings and their tables lie inside codes and `starts`. What the
   tables hold is `build_table`'s own. */
static int tables_fit(const index_t *index, int64_t size) {
  const int64_t *edges = index->edges;
  if (edges[0] != 0 || edges[index->m] > 8 * index->width) return 0;
  for (int64_t i = 0; i < index->m; i++) {
    int64_t bits = edges[i + 1] - edges[i], start = index->tables[i];
    if (bits < 1 || bits > 24 || start < 0) return 0;
    if (start > size - (1ll << bits) - 1) return 0;
  }
  return 1;
}

/* Items within a radius, in no order. If two codes differ in at most r bits,
   then some substring i differs in so few, f, that f m + i <= r. Query i
   writes its first hits to places[i] .. places[i + 1] - 1; counts[i] says how
   many there are. */
EXPORT int probe(int path, int64_t q, int64_t width, int64_t n, int64_t radius,
                 int64_t m, int64_t size, int64_t room,
                 const uint8_t *queries, const uint8_t *rows,
                 const int64_t *tables, const int64_t *edges,
                 const uint32_t *starts, const uint32_t *members,
                 const int64_t *places, int32_t *distances,
                 int64_t *positions, int64_t *counts) {
  index_t index = {rows, n, width, m, edges, tables, starts, members};
  if (!tables_fit(&index, size) || !scan_places_fit(places, q, room))
    return REFUSED;
  for (int64_t i = 0; i < q; i++) {
    hits_t hits = {radius, 0, places[i + 1] - places[i],
                   distances + places[i], positions + places[i]};
    scan_path(path)->probe(&index, queries + i * width, &hits);
    counts[i] = hits.size;
  }
  return 0;
}
