/* Exact scans over packed binary codes, called by kernel.py.

   Every function is independent of all others, so threads may call them at
   once. They return 0, or -1 when memory runs out. */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { LANES = 64, DEPTH = 16, TILE = LANES * DEPTH, VECTOR = 8 };
enum { COPIES = 4 };
/* Where the j-th item of a tile stands in a plane. */
#define SLOT(j) ((j) % DEPTH * LANES + (j) / DEPTH)

typedef struct {
  const uint8_t *rows; /* [n][width], one packed code a row */
  int64_t n, width;
} codes_t;

typedef struct {
  codes_t queries, items;
  int64_t words;
  uint64_t *planes; /* [words][TILE], the current tile */
  uint64_t *asked;  /* [queries.n][words] */
} scan_t;

/* What one query has found, in ascending position. Only items nearer than
   `limit` are of interest. */
typedef struct {
  int64_t limit, k, below, size, capacity;
  int64_t *count; /* items kept at each distance */
  int32_t *distance;
  int64_t *position;
} collector_t;

typedef struct {
  int64_t cells;
  int64_t *counts;  /* [q][cells] */
  uint32_t *copies; /* [COPIES][cells], zero between calls */
} histogram_t;

typedef void (*take_t)(collector_t *, int64_t distance, int64_t position);

static inline int64_t tile_count(int64_t n, int64_t first) {
  return n - first < TILE ? n - first : TILE;
}

/* The last bytes of a code, fewer than 8, as a number. A number is loaded as
   what it is: bytes copied into a word have to be stored before it is read. */
static inline uint64_t last_word(const uint8_t *bytes, int64_t count) {
  uint16_t two;
  uint32_t four;
  uint64_t word = 0;
  if (count == 2) return memcpy(&two, bytes, 2), two;
  if (count == 4) return memcpy(&four, bytes, 4), four;
  for (int64_t b = 0; b < count; b++) word |= (uint64_t)bytes[b] << 8 * b;
  return word;
}

static void compact(collector_t *into) {
  int64_t size = 0;
  for (int64_t i = 0; i < into->size; i++)
    if (into->distance[i] <= into->limit) {
      into->distance[size] = into->distance[i];
      into->position[size++] = into->position[i];
    }
  into->size = size;
}

/* Keeps an item. Once k are nearer than the limit, an item at the limit can
   only lose, for it stands after all of them: the limit falls. At most k items
   come in at each limit, so a compaction leaves less than 2 k. */
static void take_nearest(collector_t *into, int64_t distance,
                         int64_t position) {
  if (into->size == into->capacity) compact(into);
  into->distance[into->size] = (int32_t)distance;
  into->position[into->size++] = position;
  into->count[distance]++;
  into->below++;
  while (into->below >= into->k) into->below -= into->count[--into->limit];
}

/* Counts an item and keeps it if there is room. */
static void take_within(collector_t *into, int64_t distance,
                        int64_t position) {
  if (into->size < into->capacity) {
    into->distance[into->size] = (int32_t)distance;
    into->position[into->size] = position;
  }
  into->size++;
}

/* Population counts are the innermost loop: take the processor's instruction
   where it has one, whatever this file was compiled on. */
#define TARGET
#define NAME(x) x##_plain
#include "scan_body.h"
#if defined(__x86_64__) && defined(__GNUC__)
#define TARGET __attribute__((target("popcnt")))
#define NAME(x) x##_popcnt
#include "scan_body.h"
#ifdef __clang__
#define WIDE
#else
#define WIDE ",prefer-vector-width=512"
#endif
#define TARGET                                                               \
  __attribute__((target("popcnt,avx512f,avx512bw,avx512dq,avx512vl,"         \
                        "avx512vpopcntdq" WIDE)))
#define NAME(x) x##_avx512
#include "scan_body.h"
#define CHOOSE(x)                                                            \
  (__builtin_cpu_supports("avx512vpopcntdq") &&                              \
           __builtin_cpu_supports("avx512vl")                                \
       ? x##_avx512                                                          \
   : __builtin_cpu_supports("popcnt") ? x##_popcnt                           \
                                      : x##_plain)
#else
#define CHOOSE(x) x##_plain
#endif

static int open_scan(scan_t *scan, const uint8_t *queries, int64_t q,
                     const uint8_t *rows, int64_t n, int64_t width) {
  *scan = (scan_t){{queries, q, width}, {rows, n, width}, (width + 7) / 8,
                   NULL, NULL};
  scan->planes = calloc((size_t)scan->words * TILE, 8);
  scan->asked = calloc((size_t)(q * scan->words) + 1, 8);
  if (!scan->planes || !scan->asked) return -1;
  int64_t whole = width / 8, rest = width % 8;
  for (int64_t i = 0; i < q; i++, queries += width) {
    uint64_t *asked = scan->asked + i * scan->words;
    memcpy(asked, queries, (size_t)whole * 8);
    if (rest) asked[whole] = last_word(queries + whole * 8, rest);
  }
  return 0;
}

static void close_scan(scan_t *scan) {
  free(scan->planes);
  free(scan->asked);
}

/* Counting sort of what was kept into the first k, by (distance, position). */
static void put_in_order(collector_t *kept, int32_t *distances,
                         int64_t *positions) {
  int64_t start = 0;
  for (int64_t d = 0; d <= kept->limit; d++) {
    int64_t found = kept->count[d];
    kept->count[d] = start;
    start += found;
  }
  for (int64_t i = 0; i < kept->size; i++) {
    if (kept->distance[i] > kept->limit) continue;
    int64_t place = kept->count[kept->distance[i]]++;
    if (place < kept->k) {
      distances[place] = kept->distance[i];
      positions[place] = kept->position[i];
    }
  }
}

/* The k <= n nearest items of each query, into [q][k] arrays. */
int nearest(const uint8_t *queries, int64_t q, const uint8_t *rows, int64_t n,
            int64_t width, int64_t bits, int64_t k, int32_t *distances,
            int64_t *positions) {
  scan_t scan;
  int status = open_scan(&scan, queries, q, rows, n, width);
  int64_t capacity = 4 * k < n ? 4 * k : n;
  collector_t *kept = malloc((size_t)q * sizeof *kept + 1);
  int64_t *count = calloc((size_t)(q * (bits + 2)) + 1, 8);
  int64_t *position = malloc((size_t)(q * capacity) * 8 + 1);
  int32_t *distance = malloc((size_t)(q * capacity) * 4 + 1);
  if (!kept || !count || !position || !distance) status = -1;
  if (!status) {
    for (int64_t i = 0; i < q; i++)
      kept[i] = (collector_t){
          bits + 1, k, 0, 0, capacity, count + i * (bits + 2),
          distance + i * capacity, position + i * capacity};
    CHOOSE(visit_nearest)(&scan, kept);
    for (int64_t i = 0; i < q; i++)
      put_in_order(&kept[i], distances + i * k, positions + i * k);
  }
  free(kept), free(count), free(position), free(distance);
  close_scan(&scan);
  return status;
}

/* Items within a radius. Query i writes its first hits, in ascending position,
   to places[i] .. places[i + 1] - 1; counts[i] says how many there are. */
int within(const uint8_t *queries, int64_t q, const uint8_t *rows, int64_t n,
           int64_t width, int64_t radius, const int64_t *places,
           int32_t *distances, int64_t *positions, int64_t *counts) {
  scan_t scan;
  int status = open_scan(&scan, queries, q, rows, n, width);
  collector_t *hits = malloc((size_t)q * sizeof *hits + 1);
  if (!hits) status = -1;
  if (!status) {
    for (int64_t i = 0; i < q; i++)
      hits[i] = (collector_t){
          radius + 1, 0, 0, 0, places[i + 1] - places[i], NULL,
          distances + places[i], positions + places[i]};
    CHOOSE(visit_within)(&scan, hits);
    for (int64_t i = 0; i < q; i++) counts[i] = hits[i].size;
  }
  free(hits);
  close_scan(&scan);
  return status;
}

/* Adds to counts [q][2 (bits + 1)] the items of each query in cell 2 d + r. */
int histograms(const uint8_t *queries, int64_t q, const uint8_t *rows,
               int64_t n, int64_t width, const uint64_t *query_labels,
               const uint64_t *labels, int64_t label_words, int64_t bits,
               int64_t *counts) {
  scan_t scan, label_scan;
  int status = open_scan(&scan, queries, q, rows, n, width);
  status |= open_scan(&label_scan, (const uint8_t *)query_labels, q,
                      (const uint8_t *)labels, n, 8 * label_words);
  histogram_t histogram = {2 * (bits + 1), counts, NULL};
  histogram.copies = calloc((size_t)histogram.cells * COPIES, 4);
  if (!histogram.copies) status = -1;
  if (!status) CHOOSE(visit_counts)(&scan, &label_scan, &histogram);
  free(histogram.copies);
  close_scan(&scan);
  close_scan(&label_scan);
  return status;
}

/* Compares a code with a tile of zeros, `tiles` times, and does nothing else:
   how fast this processor counts bits. The sum goes to total[0]. */
int compare_only(const uint8_t *query, int64_t width, int64_t tiles,
                 uint64_t *total) {
  scan_t scan;
  int status = open_scan(&scan, query, 1, query, 1, width);
  if (!status) total[0] += CHOOSE(sum_tiles)(&scan, tiles);
  close_scan(&scan);
  return status;
}

/* The VERSION of kernel.py that these functions are for. */
int scan_version(void) { return 3; }
