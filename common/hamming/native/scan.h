/* What all files of the compiled scans share: how items are laid out, what a
   query keeps, and the table of a code path. */

#ifndef SCAN_H
#define SCAN_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#if defined(__GNUC__)
#define EXPORT __attribute__((visibility("default")))
#else
#define EXPORT
#endif
#if defined(__GNUC__) && defined(__x86_64__)
#define X86 1
#else
#define X86 0
#endif

/* What functions return besides 0. */
enum { NO_MEMORY = -1, REFUSED = -2 };
enum { LANES = 64, DEPTH = 16, TILE = LANES * DEPTH };
/* Items that one query is compared with at a time. */
enum { RUN = 64 };
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
  uint64_t *planes; /* [words][TILE], the current tile, and as much again */
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

/* Cells are 2 d + r for all distances of 64 `words` bits, so that a padding
   bit that is set cannot leave the copies; the caller has `cells` of them. */
typedef struct {
  int64_t cells, room;
  int64_t *counts;  /* [q][cells] */
  uint32_t *copies; /* [COPIES][room], zero between calls */
} histogram_t;

/* Tables of multi-index hashing. */
typedef struct {
  const uint8_t *rows; /* [n][width] */
  int64_t n, width, m;
  const int64_t *edges;    /* [m + 1] first bit of each substring */
  const int64_t *tables;   /* [m] where a table begins in `starts` */
  const uint32_t *starts;  /* of the run of each value in `members` */
  const uint32_t *members; /* [m][n] positions, by value, then ascending */
} index_t;

typedef struct {
  int64_t radius, size, room;
  int32_t *distances;
  int64_t *positions;
} hits_t;

/* One code path: the inner loops for one kind of processor. */
typedef struct {
  const char *name;
  int (*supported)(void);
  void (*nearest)(scan_t *, collector_t *);
  void (*within)(scan_t *, collector_t *);
  void (*counts)(scan_t *, scan_t *labels, histogram_t *);
  uint64_t (*sum_tiles)(scan_t *, int64_t tiles);
  void (*probe)(const index_t *, const uint8_t *query, hits_t *);
} path_t;

/* Fastest first; `portable`, the last, runs everywhere. */
extern const path_t *const SCAN_PATHS[];
extern const path_t scan_path_avx512, scan_path_avx2, scan_path_popcnt,
    scan_path_portable;

/* The path of a number that the caller has from `path_name`, or NULL. */
const path_t *scan_path(int number);

/* Whether the places of hits, [q + 1], ascend from 0 to at most `hits`. */
int scan_places_fit(const int64_t *places, int64_t q, int64_t hits);

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

/* Bits first .. first + bits - 1 of a code, at most 32 of them. Codes are read
   as one little-endian integer of 8 width bits. */
static inline uint32_t substring(const uint8_t *code, int64_t width,
                                 int64_t first, int64_t bits) {
  uint64_t word = 0;
  int64_t byte = first / 8, left = width - byte;
  memcpy(&word, code + byte, (size_t)(left < 8 ? left : 8));
  return (uint32_t)((word >> (first % 8)) & ((1ull << bits) - 1));
}

#endif
