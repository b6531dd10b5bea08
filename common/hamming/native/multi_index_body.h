/* The inner loops of multi-index hashing. Every code path includes this file,
   after scan_body.h. */

enum { BATCH = 32 };

INLINE int64_t NAME(distance_of)(const uint8_t *a, const uint8_t *b,
                                 int64_t width) {
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
INLINE int64_t NAME(first_step)(const index_t *index, const uint8_t *query,
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
INLINE void NAME(visit_values)(const index_t *index, const uint8_t *query,
                               int64_t step, const uint32_t *values,
                               int count, hits_t *hits) {
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
      int64_t distance = NAME(distance_of)(query, code, index->width);
      if (distance > hits->radius) continue;
      if (NAME(first_step)(index, query, code) != step) continue;
      if (hits->size < hits->room) {
        hits->distances[hits->size] = (int32_t)distance;
        hits->positions[hits->size] = members[p];
      }
      hits->size++;
    }
}

/* All values that differ from the query's in exactly step / m bits. */
INLINE void NAME(visit_step)(const index_t *index, const uint8_t *query,
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
      NAME(visit_values)(index, query, step, values, count, hits);
      count = 0;
    }
    /* The next larger number with as many ones. */
    uint64_t low = mask & -mask, carried = mask + low;
    mask = low ? carried | (((mask ^ carried) >> 2) / low) : end;
  } while (mask < end);
  NAME(visit_values)(index, query, step, values, count, hits);
}

TARGET static void NAME(probe)(const index_t *index, const uint8_t *query,
                               hits_t *hits) {
  for (int64_t step = 0; step <= hits->radius; step++)
    NAME(visit_step)(index, query, step, hits);
}
