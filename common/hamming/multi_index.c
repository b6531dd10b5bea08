/* Multi-index hashing, called by multi_index.py: tables of the items by each
   substring of their codes. Codes are read as one little-endian integer of
   8 width bits, so padding bits are part of a substring and always zero. */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { BATCH = 32 };

#if defined(__x86_64__) && defined(__GNUC__)
#define WITH_POPCNT __attribute__((target("popcnt")))
#endif
#define INLINE static inline __attribute__((always_inline))

typedef struct {
  const uint8_t *rows; /* [n][width] */
  int64_t n, width, m;
  const int64_t *edges;   /* [m + 1] first bit of each substring */
  const int64_t *tables;  /* [m] where a table begins in `starts` */
  const uint32_t *starts; /* of the run of each value in `members` */
  const uint32_t *members; /* [m][n] positions, by value, then ascending */
} index_t;

typedef struct {
  int64_t radius, size, room;
  int32_t *distances;
  int64_t *positions;
} hits_t;

/* Bits first .. first + bits - 1 of a code, at most 32 of them. */
static uint32_t substring(const uint8_t *code, int64_t width, int64_t first,
                          int64_t bits) {
  uint64_t word = 0;
  int64_t byte = first / 8, left = width - byte;
  memcpy(&word, code + byte, (size_t)(left < 8 ? left : 8));
  return (uint32_t)((word >> (first % 8)) & ((1ull << bits) - 1));
}

/* Sorts the positions of all items by one substring, by counting. */
int build_table(const uint8_t *rows, int64_t n, int64_t width, int64_t first,
                int64_t bits, uint32_t *starts, uint32_t *members) {
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

INLINE int64_t distance_of(const uint8_t *a, const uint8_t *b, int64_t width) {
  int64_t distance = 0;
  for (int64_t i = 0; i < width; i += 8) {
    uint64_t x = 0, y = 0;
    size_t size = width - i < 8 ? (size_t)(width - i) : 8;
    if (size == 8)
      memcpy(&x, a + i, 8), memcpy(&y, b + i, 8);
    else
      memcpy(&x, a + i, size), memcpy(&y, b + i, size);
    distance += __builtin_popcountll(x ^ y);
  }
  return distance;
}

/* The first step that meets an item: step t looks at substring t mod m, at
   exactly t / m differing bits. */
INLINE int64_t first_step(const index_t *index, const uint8_t *query,
                          const uint8_t *code) {
  int64_t first = INT64_MAX;
  for (int64_t i = 0; i < index->m; i++) {
    int64_t edge = index->edges[i], bits = index->edges[i + 1] - edge;
    uint32_t apart = substring(query, index->width, edge, bits) ^
                     substring(code, index->width, edge, bits);
    int64_t step = __builtin_popcount(apart) * index->m + i;
    first = step < first ? step : first;
  }
  return first;
}

/* Looks at the items of some values. Each loop only asks memory for what the
   next one reads, so that the waits overlap. */
INLINE void visit_values(const index_t *index, const uint8_t *query,
                         int64_t step, const uint32_t *values, int count,
                         hits_t *hits) {
  int64_t i = step % index->m;
  const uint32_t *starts = index->starts + index->tables[i];
  const uint32_t *members = index->members + i * index->n;
  for (int v = 0; v < count; v++) __builtin_prefetch(&starts[values[v]]);
  for (int v = 0; v < count; v++)
    __builtin_prefetch(&members[starts[values[v]]]);
  for (int v = 0; v < count; v++)
    for (uint32_t p = starts[values[v]]; p < starts[values[v] + 1]; p++)
      __builtin_prefetch(index->rows + members[p] * index->width);
  for (int v = 0; v < count; v++)
    for (uint32_t p = starts[values[v]]; p < starts[values[v] + 1]; p++) {
      const uint8_t *code = index->rows + members[p] * index->width;
      int64_t distance = distance_of(query, code, index->width);
      if (distance > hits->radius || first_step(index, query, code) != step)
        continue;
      if (hits->size < hits->room) {
        hits->distances[hits->size] = (int32_t)distance;
        hits->positions[hits->size] = members[p];
      }
      hits->size++;
    }
}

/* All values that differ from the query's in exactly step / m bits. */
INLINE void visit_step(const index_t *index, const uint8_t *query,
                       int64_t step, hits_t *hits) {
  int64_t i = step % index->m, flips = step / index->m;
  int64_t bits = index->edges[i + 1] - index->edges[i];
  if (flips > bits) return;
  uint32_t value = substring(query, index->width, index->edges[i], bits);
  uint32_t values[BATCH];
  int count = 0;
  uint64_t mask = (1ull << flips) - 1, end = 1ull << bits;
  do {
    values[count++] = value ^ (uint32_t)mask;
    if (count == BATCH) {
      visit_values(index, query, step, values, count, hits);
      count = 0;
    }
    /* The next larger number with as many ones. */
    uint64_t low = mask & -mask, carried = mask + low;
    mask = low ? carried | (((mask ^ carried) >> 2) / low) : end;
  } while (mask < end);
  visit_values(index, query, step, values, count, hits);
}

INLINE void visit_query(const index_t *index, const uint8_t *query,
                        hits_t *hits) {
  for (int64_t step = 0; step <= hits->radius; step++)
    visit_step(index, query, step, hits);
}

static void visit_plain(const index_t *index, const uint8_t *query,
                        hits_t *hits) {
  visit_query(index, query, hits);
}

#ifdef WITH_POPCNT
WITH_POPCNT static void visit_popcnt(const index_t *index,
                                     const uint8_t *query, hits_t *hits) {
  visit_query(index, query, hits);
}
#define VISIT (__builtin_cpu_supports("popcnt") ? visit_popcnt : visit_plain)
#else
#define VISIT visit_plain
#endif

/* Items within a radius, in no order. If two codes differ in at most r bits,
   then some substring i differs in so few, f, that f m + i <= r. Query i
   writes its first hits to places[i] .. places[i + 1] - 1; counts[i] says how
   many there are. */
int probe(const uint8_t *queries, int64_t q, const uint8_t *rows, int64_t n,
          int64_t width, int64_t radius, int64_t m, const int64_t *edges,
          const int64_t *tables, const uint32_t *starts,
          const uint32_t *members, const int64_t *places, int32_t *distances,
          int64_t *positions, int64_t *counts) {
  index_t index = {rows, n, width, m, edges, tables, starts, members};
  for (int64_t i = 0; i < q; i++) {
    hits_t hits = {radius, 0, places[i + 1] - places[i],
                   distances + places[i], positions + places[i]};
    VISIT(&index, queries + i * width, &hits);
    counts[i] = hits.size;
  }
  return 0;
}
