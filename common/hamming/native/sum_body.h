/* The bare comparison over the planes of scan_body.h: the least that it costs.
   Part of the code paths that compare word by word. */

/* Sum of the distances of one query to a tile in the cache. */
INLINE uint64_t NAME(sum_distances)(const uint64_t *planes,
                                    const uint64_t *query, int64_t words) {
  uint64_t sums[4 * VECTOR] = {0}, sum = 0;
  for (int64_t w = 0; w < words; w++)
    for (int slot = 0; slot < TILE; slot += 4 * VECTOR)
      for (int l = 0; l < 4 * VECTOR; l++)
        sums[l] += __builtin_popcountll(planes[w * TILE + slot + l] ^ query[w]);
  for (int l = 0; l < 4 * VECTOR; l++) sum += sums[l];
  return sum;
}

TARGET static uint64_t NAME(sum_tiles)(scan_t *scan, int64_t tiles) {
  uint64_t sum = 0;
  for (int64_t i = 0; i < tiles; i++, scan->asked[0]++)
    sum += NAME(sum_distances)(scan->planes, scan->asked, scan->words);
  return sum;
}
