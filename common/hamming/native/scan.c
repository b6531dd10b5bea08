/* Exact scans over packed binary codes, called by kernel.py, which has checked
   the type, shape and range of every argument.

   Each function gets the number of a code path, then the sizes, then the
   arrays. All are independent of each other, so threads may call them at once.
   They return 0, NO_MEMORY, or REFUSED where the content of an array would lead
   outside another. */

#include "scan.h"

static int open_scan(scan_t *scan, const uint8_t *queries, int64_t q,
                     const uint8_t *rows, int64_t n, int64_t width) {
  *scan = (scan_t){{queries, q, width}, {rows, n, width}, (width + 7) / 8,
                   NULL, NULL};
  /* Enough for every path: each byte in two, from a line of the cache on. */
  scan->planes = calloc((size_t)scan->words * TILE * 2 + 8, 8);
  scan->asked = calloc((size_t)(q * scan->words) + 1, 8);
  if (!scan->planes || !scan->asked) return NO_MEMORY;
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
EXPORT int nearest(int path, int64_t q, int64_t width, int64_t n, int64_t bits,
                   int64_t k, const uint8_t *queries, const uint8_t *rows,
                   int32_t *distances, int64_t *positions) {
  scan_t scan;
  int status = open_scan(&scan, queries, q, rows, n, width);
  int64_t capacity = 4 * k < n ? 4 * k : n;
  collector_t *kept = malloc((size_t)q * sizeof *kept + 1);
  int64_t *count = calloc((size_t)(q * (bits + 2)) + 1, 8);
  int64_t *position = malloc((size_t)(q * capacity) * 8 + 1);
  int32_t *distance = malloc((size_t)(q * capacity) * 4 + 1);
  if (!kept || !count || !position || !distance) status = NO_MEMORY;
  if (!status) {
    for (int64_t i = 0; i < q; i++)
      kept[i] = (collector_t){
          bits + 1, k, 0, 0, capacity, count + i * (bits + 2),
          distance + i * capacity, position + i * capacity};
    scan_path(path)->nearest(&scan, kept);
    for (int64_t i = 0; i < q; i++)
      put_in_order(&kept[i], distances + i * k, positions + i * k);
  }
  free(kept), free(count), free(position), free(distance);
  close_scan(&scan);
  return status;
}

/* Items within a radius. Query i writes its first hits, in ascending position,
   to places[i] .. places[i + 1] - 1; counts[i] says how many there are. */
EXPORT int within(int path, int64_t q, int64_t width, int64_t n, int64_t radius,
                  int64_t room, const uint8_t *queries, const uint8_t *rows,
                  const int64_t *places, int32_t *distances,
                  int64_t *positions, int64_t *counts) {
  if (!scan_places_fit(places, q, room)) return REFUSED;
  scan_t scan;
  int status = open_scan(&scan, queries, q, rows, n, width);
  collector_t *hits = malloc((size_t)q * sizeof *hits + 1);
  if (!hits) status = NO_MEMORY;
  if (!status) {
    for (int64_t i = 0; i < q; i++)
      hits[i] = (collector_t){
          radius + 1, 0, 0, 0, places[i + 1] - places[i], NULL,
          distances + places[i], positions + places[i]};
    scan_path(path)->within(&scan, hits);
    for (int64_t i = 0; i < q; i++) counts[i] = hits[i].size;
  }
  free(hits);
  close_scan(&scan);
  return status;
}

/* Adds to counts [q][bits + 1][2] the items of each query at each distance,
   those that share no label with it and those that do. */
EXPORT int histograms(int path, int64_t q, int64_t width, int64_t n,
                      int64_t label_words, int64_t bits,
                      const uint8_t *queries, const uint8_t *rows,
                      const uint64_t *query_labels, const uint64_t *labels,
                      int64_t *counts) {
  scan_t scan, label_scan;
  int status = open_scan(&scan, queries, q, rows, n, width);
  int label_status =
      open_scan(&label_scan, (const uint8_t *)query_labels, q,
                (const uint8_t *)labels, n, 8 * label_words);
  histogram_t histogram = {2 * (bits + 1), 2 * (64 * scan.words + 1), counts,
                           NULL};
  histogram.copies = calloc((size_t)histogram.room * COPIES, 4);
  if (!histogram.copies || label_status) status = NO_MEMORY;
  if (!status) scan_path(path)->counts(&scan, &label_scan, &histogram);
  free(histogram.copies);
  close_scan(&scan);
  close_scan(&label_scan);
  return status;
}

/* Compares a code with a tile of zeros, `tiles` times, and does nothing else:
   how fast this processor counts bits. The sum goes to total[0]. */
EXPORT int compare_only(int path, int64_t width, int64_t tiles,
                        const uint8_t *query, uint64_t *total) {
  scan_t scan;
  int status = open_scan(&scan, query, 1, query, 1, width);
  if (!status) total[0] += scan_path(path)->sum_tiles(&scan, tiles);
  close_scan(&scan);
  return status;
}
