/* The inner loops of the scans. Every code path includes this file: TARGET
   names its instructions, NAME(x) makes names of its own, and VECTOR is how many
   items it compares side by side.

   The database is read a tile at a time. A tile lies in memory as one plane per
   64-bit word, stays in the first-level cache and serves all queries. Inside a
   plane, DEPTH neighbouring items stand one below the other in one lane:
   a column of lanes is then a vector, and the minimum of a lane tells whether
   its DEPTH items need a look. */

#include "collector.h"

#define INLINE TARGET static inline __attribute__((always_inline))

/* Lays the items first, first + 1, ... out in planes of a tile. */
INLINE void NAME(lay_out)(codes_t codes, int64_t first, int64_t count,
                          int in_lanes, uint64_t *planes) {
  int64_t whole = codes.width / 8, rest = codes.width % 8;
  const uint8_t *row = codes.rows + first * codes.width;
  if (codes.width == 8 && !in_lanes) {
    memcpy(planes, row, (size_t)count * 8);
    return;
  }
  for (int64_t j = 0; j < count; j++, row += codes.width) {
    int64_t slot = in_lanes ? SLOT(j) : j;
    for (int64_t w = 0; w < whole; w++)
      memcpy(&planes[w * TILE + slot], row + 8 * w, 8);
    if (rest) planes[whole * TILE + slot] = last_word(row + 8 * whole, rest);
  }
}

/* Distances of one query to the VECTOR items from `slot` on. */
INLINE void NAME(distances)(const uint64_t *planes, const uint64_t *query,
                            int64_t words, int64_t slot,
                            uint64_t *restrict found) {
  for (int l = 0; l < VECTOR; l++)
    found[l] = __builtin_popcountll(planes[slot + l] ^ query[0]);
  for (int64_t w = 1; w < words; w++)
    for (int l = 0; l < VECTOR; l++)
      found[l] += __builtin_popcountll(planes[w * TILE + slot + l] ^ query[w]);
}

/* Least distance in every lane, and in all of them. */
INLINE uint64_t NAME(minima)(const uint64_t *planes, const uint64_t *query,
                             int64_t words, uint64_t *restrict least) {
  uint64_t all = UINT64_MAX;
  for (int lane = 0; lane < LANES; lane += VECTOR) {
    uint64_t best[VECTOR], found[VECTOR];
    for (int l = 0; l < VECTOR; l++) best[l] = UINT64_MAX;
    for (int depth = 0; depth < DEPTH; depth++) {
      NAME(distances)(planes, query, words, depth * LANES + lane, found);
      for (int l = 0; l < VECTOR; l++)
        best[l] = found[l] < best[l] ? found[l] : best[l];
    }
    for (int l = 0; l < VECTOR; l++) least[lane + l] = best[l];
  }
  for (int l = 0; l < LANES; l++) all = least[l] < all ? least[l] : all;
  return all;
}

/* Calls `take` for every item nearer than the query's limit, in ascending
   position; `take` may lower the limit. */
INLINE void NAME(visit_tile)(const uint64_t *planes, const uint64_t *query,
                             int64_t words, int64_t first, int64_t count,
                             collector_t *into, take_t take) {
  uint64_t least[LANES], nearest;
  if (words == 1)
    nearest = NAME(minima)(planes, query, 1, least);
  else if (words == 2)
    nearest = NAME(minima)(planes, query, 2, least);
  else
    nearest = NAME(minima)(planes, query, words, least);
  if ((int64_t)nearest >= into->limit) return;
  for (int64_t lane = 0; lane < LANES; lane++) {
    if ((int64_t)least[lane] >= into->limit) continue;
    for (int64_t depth = 0; depth < DEPTH; depth++) {
      int64_t distance = 0, slot = depth * LANES + lane;
      for (int64_t w = 0; w < words; w++)
        distance += __builtin_popcountll(planes[w * TILE + slot] ^ query[w]);
      int64_t position = lane * DEPTH + depth;
      if (distance < into->limit && position < count)
        take(into, distance, first + position);
    }
  }
}

/* Compares one query with RUN items at a time, as they lie in memory, from the
   one at `first` on. */
INLINE void NAME(visit_rows)(const scan_t *scan, int64_t words, int64_t first,
                             collector_t *into, take_t take) {
  const uint64_t *query = scan->asked;
  for (; first < scan->items.n; first += RUN) {
    int64_t left = scan->items.n - first, count = left < RUN ? left : RUN;
    const uint8_t *row = scan->items.rows + first * 8 * words;
    uint64_t found[RUN], word[RUN] = {0}, least = UINT64_MAX;
    for (int j = 0; j < RUN; j++) found[j] = 0;
    for (int64_t w = 0; w < words; w++, row += 8) {
      if (count == RUN)
        for (int j = 0; j < RUN; j++) memcpy(&word[j], row + 8 * words * j, 8);
      else
        for (int j = 0; j < count; j++)
          memcpy(&word[j], row + 8 * words * j, 8);
      for (int j = 0; j < RUN; j++)
        found[j] += __builtin_popcountll(word[j] ^ query[w]);
    }
    for (int j = 0; j < RUN; j++) least = found[j] < least ? found[j] : least;
    if ((int64_t)least >= into->limit) continue;
    for (int j = 0; j < count; j++)
      if ((int64_t)found[j] < into->limit)
        take(into, (int64_t)found[j], first + j);
  }
}

INLINE void NAME(visit)(scan_t *scan, collector_t *into, take_t take) {
  /* Laying out for one query takes longer than it saves. */
  if (scan->queries.n == 1 && scan->items.width % 8 == 0) {
    if (scan->words == 1)
      NAME(visit_rows)(scan, 1, 0, into, take);
    else if (scan->words == 2)
      NAME(visit_rows)(scan, 2, 0, into, take);
    else
      NAME(visit_rows)(scan, scan->words, 0, into, take);
    return;
  }
  for (int64_t first = 0; first < scan->items.n; first += TILE) {
    int64_t count = tile_count(scan->items.n, first);
    NAME(lay_out)(scan->items, first, count, 1, scan->planes);
    for (int64_t i = 0; i < scan->queries.n; i++)
      NAME(visit_tile)(scan->planes, scan->asked + i * scan->words,
                       scan->words, first, count, &into[i], take);
  }
}

TARGET static void NAME(visit_nearest)(scan_t *scan, collector_t *into) {
  NAME(visit)(scan, into, take_nearest);
}

TARGET static void NAME(visit_within)(scan_t *scan, collector_t *into) {
  NAME(visit)(scan, into, take_within);
}

INLINE void NAME(cells_of)(const uint64_t *planes, const uint64_t *query,
                           int64_t words, const uint64_t *label_planes,
                           const uint64_t *wanted, int64_t label_words,
                           uint32_t *restrict cells) {
  for (int slot = 0; slot < TILE; slot += VECTOR) {
    uint64_t found[VECTOR], shared[VECTOR];
    NAME(distances)(planes, query, words, slot, found);
    for (int l = 0; l < VECTOR; l++)
      shared[l] = label_planes[slot + l] & wanted[0];
    for (int64_t w = 1; w < label_words; w++)
      for (int l = 0; l < VECTOR; l++)
        shared[l] |= label_planes[w * TILE + slot + l] & wanted[w];
    for (int l = 0; l < VECTOR; l++)
      cells[slot + l] = (uint32_t)(2 * found[l] + (shared[l] != 0));
  }
}

/* 2 d + r of one query and every item of a tile; r = 1 if they share a
   label. */
INLINE void NAME(cells)(const scan_t *scan, const scan_t *labels, int64_t i,
                        uint32_t *restrict cells) {
  const uint64_t *query = scan->asked + i * scan->words;
  const uint64_t *wanted = labels->asked + i * labels->words;
  const uint64_t *planes = scan->planes, *label_planes = labels->planes;
  if (labels->words > 1 || scan->words > 2)
    NAME(cells_of)(planes, query, scan->words, label_planes, wanted,
                   labels->words, cells);
  else if (scan->words == 2)
    NAME(cells_of)(planes, query, 2, label_planes, wanted, 1, cells);
  else
    NAME(cells_of)(planes, query, 1, label_planes, wanted, 1, cells);
}

/* Neighbouring items often fall into one cell; counting them in turn into
   copies spares the wait for the last sum to be stored. */
INLINE void NAME(count_cells)(histogram_t *histogram, int64_t query,
                              const uint32_t *cells, int64_t count) {
  int64_t size = histogram->room, cells_kept = histogram->cells, j = 0;
  uint32_t *copies = histogram->copies;
  int64_t *counts = histogram->counts + query * cells_kept;
  for (; j + COPIES <= count; j += COPIES)
    for (int c = 0; c < COPIES; c++) copies[c * size + cells[j + c]]++;
  for (; j < count; j++) copies[cells[j]]++;
  for (int64_t i = 0; i < cells_kept; i++)
    for (int c = 0; c < COPIES; c++) counts[i] += copies[c * size + i];
  memset(copies, 0, (size_t)size * COPIES * 4);
}

TARGET static void NAME(visit_counts)(scan_t *scan, scan_t *labels,
                                      histogram_t *histogram) {
  uint32_t cells[TILE];
  for (int64_t first = 0; first < scan->items.n; first += TILE) {
    int64_t count = tile_count(scan->items.n, first);
    NAME(lay_out)(scan->items, first, count, 0, scan->planes);
    NAME(lay_out)(labels->items, first, count, 0, labels->planes);
    for (int64_t i = 0; i < scan->queries.n; i++) {
      NAME(cells)(scan, labels, i, cells);
      NAME(count_cells)(histogram, i, cells, count);
    }
  }
}
