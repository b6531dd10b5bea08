/* The scan where the bits of a word are counted one word after the other: codes
   of whole words are compared as they lie in memory. Laying them out in planes
   would gain nothing, and a plane of each word of a long code needs more than
   the first-level cache. */

/* Words of codes that all queries see while they are in the cache, 16 KiB; and
   codes that are compared before the first look at what was found. */
enum { ROW_WORDS = 2048, ABREAST = 4 };

/* Distance of one query to the code at `row`. */
INLINE int64_t NAME(row_distance)(const uint64_t *query, const uint8_t *row,
                                  int64_t words) {
  int64_t distance = 0;
  for (int64_t w = 0; w < words; w++) {
    uint64_t word;
    memcpy(&word, row + 8 * w, 8);
    distance += __builtin_popcountll(word ^ query[w]);
  }
  return distance;
}

/* Compares one query with `count` codes, from the one at `first` on. */
INLINE void NAME(compare_rows)(const uint64_t *query, const uint8_t *row,
                               int64_t words, int64_t first, int64_t count,
                               collector_t *into, take_t take) {
  int64_t j = 0;
  for (; j + ABREAST <= count; j += ABREAST, row += 8 * words * ABREAST) {
    int64_t found[ABREAST], near = 0;
    for (int i = 0; i < ABREAST; i++)
      found[i] = NAME(row_distance)(query, row + 8 * words * i, words);
    for (int i = 0; i < ABREAST; i++) near |= found[i] - into->limit;
    if (near >= 0) continue;
    for (int i = 0; i < ABREAST; i++)
      if (found[i] < into->limit) take(into, found[i], first + j + i);
  }
  for (; j < count; j++, row += 8 * words) {
    int64_t distance = NAME(row_distance)(query, row, words);
    if (distance < into->limit) take(into, distance, first + j);
  }
}

INLINE void NAME(visit_blocks)(const scan_t *scan, int64_t words,
                               collector_t *into, take_t take) {
  int64_t n = scan->items.n, block = ROW_WORDS / words + 1;
  for (int64_t first = 0; first < n; first += block) {
    int64_t left = n - first, count = left < block ? left : block;
    const uint8_t *rows = scan->items.rows + first * 8 * words;
    for (int64_t i = 0; i < scan->queries.n; i++)
      NAME(compare_rows)(scan->asked + i * words, rows, words, first, count,
                         &into[i], take);
  }
}

INLINE void NAME(visit_words)(scan_t *scan, collector_t *into, take_t take) {
  if (scan->words == 1)
    NAME(visit_blocks)(scan, 1, into, take);
  else if (scan->words == 2)
    NAME(visit_blocks)(scan, 2, into, take);
  else if (scan->words == 4)
    NAME(visit_blocks)(scan, 4, into, take);
  else if (scan->words == 8)
    NAME(visit_blocks)(scan, 8, into, take);
  else
    NAME(visit_blocks)(scan, scan->words, into, take);
}

TARGET static void NAME(nearest_rows)(scan_t *scan, collector_t *into) {
  if (scan->items.width % 8)
    NAME(visit_nearest)(scan, into);
  else
    NAME(visit_words)(scan, into, take_nearest);
}

TARGET static void NAME(within_rows)(scan_t *scan, collector_t *into) {
  if (scan->items.width % 8)
    NAME(visit_within)(scan, into);
  else
    NAME(visit_words)(scan, into, take_within);
}
