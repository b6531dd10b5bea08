/* Counts of the evaluation and the bare comparison, over the groups of
   nibble_planes.h. */

/* 2 d + r of one query and a group; r = 1 if they share a label. */
INLINE void NAME(group_cells)(const uint8_t *group, const uint8_t *query,
                              int64_t width, const uint64_t *label_planes,
                              const uint64_t *wanted, int64_t label_words,
                              uint32_t *restrict cells) {
  sums_t sums;
  uint16_t found[GROUP];
  NAME(group_sums)(group, query, width, &sums);
  NAME(store_sums)(&sums, width, found);
  uint64_t shared[GROUP];
  for (int j = 0; j < GROUP; j++) shared[j] = label_planes[j] & wanted[0];
  for (int64_t w = 1; w < label_words; w++)
    for (int j = 0; j < GROUP; j++)
      shared[j] |= label_planes[w * TILE + j] & wanted[w];
  for (int j = 0; j < GROUP; j++)
    cells[j] = 2 * (uint32_t)found[j] + (shared[j] != 0);
}

INLINE void NAME(tile_cells)(const uint8_t *groups, const uint8_t *query,
                             int64_t width, const scan_t *labels, int64_t i,
                             int64_t count, uint32_t *restrict cells) {
  const uint64_t *wanted = labels->asked + i * labels->words;
  for (int64_t j = 0; j < count; j += GROUP)
    if (labels->words == 1)
      NAME(group_cells)(groups + j * 2 * width, query, width,
                        labels->planes + j, wanted, 1, cells + j);
    else
      NAME(group_cells)(groups + j * 2 * width, query, width,
                        labels->planes + j, wanted, labels->words, cells + j);
}

/* Whole tiles: each is followed by a pass over all counts of a query. */
TARGET static void NAME(counts)(scan_t *scan, scan_t *labels,
                                histogram_t *histogram) {
  int64_t width = scan->items.width;
  uint8_t *groups = NAME(aligned)(scan);
  uint32_t cells[TILE];
  if (!NAME(takes_nibbles)(scan)) {
    NAME(visit_counts)(scan, labels, histogram);
    return;
  }
  for (int64_t first = 0; first < scan->items.n; first += TILE) {
    int64_t count = tile_count(scan->items.n, first);
    NAME(lay_out_nibbles)(scan->items, first, count, groups);
    NAME(lay_out)(labels->items, first, count, 0, labels->planes);
    for (int64_t i = 0; i < scan->queries.n; i++) {
      const uint8_t *query = (const uint8_t *)(scan->asked + i * scan->words);
      if (width == 8)
        NAME(tile_cells)(groups, query, 8, labels, i, count, cells);
      else
        NAME(tile_cells)(groups, query, width, labels, i, count, cells);
      NAME(count_cells)(histogram, i, cells, count);
    }
  }
}

/* Sum of the distances of one query to tiles of TILE items. */
TARGET static uint64_t NAME(sum_nibbles)(scan_t *scan, int64_t tiles) {
  int64_t width = scan->items.width;
  uint8_t *query = (uint8_t *)scan->asked, *groups = NAME(aligned)(scan);
  __m256i total = _mm256_setzero_si256();
  for (int64_t i = 0; i < tiles; i++, scan->asked[0]++)
    for (int64_t j = 0; j < TILE; j += GROUP)
      for (int64_t b = 0; b < width; b += BYTE_PLANES / 2) {
        __m256i sums[VECTORS];
        int64_t left = width - b;
        NAME(byte_sums)(groups + (j * width + b * GROUP) * 2, query + b,
                        left < BYTE_PLANES / 2 ? left : BYTE_PLANES / 2, sums);
        for (int v = 0; v < VECTORS; v++)
          total = _mm256_add_epi64(
              total, _mm256_sad_epu8(sums[v], _mm256_setzero_si256()));
      }
  uint64_t parts[4];
  memcpy(parts, &total, sizeof parts);
  return parts[0] + parts[1] + parts[2] + parts[3];
}
