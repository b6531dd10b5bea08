/* Distances by table look-up, for processors that count bits word by word only.

   Mula, Kurz, Lemire: "Faster Population Counts Using AVX2 Instructions", 2018,
   look up the count of four bits with VPSHUFB. Here the look-up is the
   comparison, too: the table of a query's four bits v holds the number of bits
   in which x differs from v, for all sixteen x.

   Items are laid out in groups of GROUP. A group has one plane for every four
   bits of a code, which holds those bits of its items, a byte each. A look-up
   and a sum then treat WIDE items at once, and what they leave are distances in
   the order of the items. A tile of groups stays in the first-level cache and
   serves all queries. */

#include <immintrin.h>

enum { WIDE = 32, VECTORS = 4, GROUP = WIDE * VECTORS };
/* Bytes of a tile, half of the smallest first-level cache. */
enum { TILE_BYTES = 1 << 14 };
/* Sums of so many planes, of at most 4 bits each, fit into a byte. */
enum { BYTE_PLANES = 62 };
/* Sums of 16 bits with sign; longer codes are compared word by word. */
enum { MOST_PLANES = 8000 };
/* With fewer queries, laying out takes longer than it saves. */
enum { FEW_QUERIES = 2 };

#define ROW(v) BIT(v, 0), BIT(v, 1), BIT(v, 2), BIT(v, 3), BIT(v, 4), \
    BIT(v, 5), BIT(v, 6), BIT(v, 7), BIT(v, 8), BIT(v, 9), BIT(v, 10), \
    BIT(v, 11), BIT(v, 12), BIT(v, 13), BIT(v, 14), BIT(v, 15)
#define BIT(v, x) (((v ^ x) & 1) + ((v ^ x) >> 1 & 1) + ((v ^ x) >> 2 & 1) + \
                   ((v ^ x) >> 3))

static const uint8_t DIFFERING[16][16] __attribute__((aligned(16))) = {
    {ROW(0)},  {ROW(1)},  {ROW(2)},  {ROW(3)},  {ROW(4)},  {ROW(5)},
    {ROW(6)},  {ROW(7)},  {ROW(8)},  {ROW(9)},  {ROW(10)}, {ROW(11)},
    {ROW(12)}, {ROW(13)}, {ROW(14)}, {ROW(15)}};

/* The sums of one group: bytes, or for long codes 16 bits in two halves. */
typedef struct {
  __m256i low[VECTORS], high[VECTORS];
} sums_t;

/* The planes start at a line of the cache; open_scan left room for that. */
INLINE uint8_t *NAME(aligned)(const scan_t *scan) {
  return (uint8_t *)(((uintptr_t)scan->planes + 63) & ~(uintptr_t)63);
}

/* Turns 8 bytes of 16 rows into 8 vectors, each of one byte of all rows, by
   interleaving what is 8, 4, 2 and 1 rows apart. */
INLINE void NAME(transpose)(const uint64_t rows[16], __m128i out[8]) {
  for (int i = 0; i < 8; i++)
    out[i] = _mm_unpacklo_epi8(_mm_cvtsi64_si128((int64_t)rows[i]),
                               _mm_cvtsi64_si128((int64_t)rows[i + 8]));
  for (int apart = 4; apart; apart /= 2) {
    __m128i in[8];
    memcpy(in, out, sizeof in);
    for (int i = 0; i < 8; i++) {
      int at = i % (2 * apart);
      __m128i a = in[i - at + at % apart], b = in[i - at + at % apart + apart];
      out[i] = at < apart ? _mm_unpacklo_epi8(a, b) : _mm_unpackhi_epi8(a, b);
    }
  }
}

/* Word w of `count` <= 16 rows; zeros in place of the others. */
INLINE void NAME(load_words)(codes_t codes, int64_t first, int64_t count,
                             int64_t w, uint64_t words[16]) {
  int64_t size = codes.width - 8 * w;
  const uint8_t *row = codes.rows + first * codes.width + 8 * w;
  for (int64_t j = 0; j < 16; j++, row += codes.width) {
    words[j] = 0;
    if (j >= count) continue;
    if (size >= 8)
      memcpy(&words[j], row, 8);
    else
      words[j] = last_word(row, size);
  }
}

/* Lays `count` items from `first` on out in groups. */
INLINE void NAME(lay_out_nibbles)(codes_t codes, int64_t first, int64_t count,
                                  uint8_t *groups) {
  const __m128i four = _mm_set1_epi8(15);
  for (int64_t j = 0; j < count; j += 16) {
    uint8_t *at = groups + j / GROUP * GROUP * 2 * codes.width + j % GROUP;
    int64_t here = count - j < 16 ? count - j : 16;
    for (int64_t w = 0; 8 * w < codes.width; w++) {
      uint64_t words[16];
      __m128i bytes[8];
      NAME(load_words)(codes, first + j, here, w, words);
      NAME(transpose)(words, bytes);
      for (int64_t b = 0; b < 8 && 8 * w + b < codes.width; b++) {
        uint8_t *plane = at + 2 * (8 * w + b) * GROUP;
        __m128i high = _mm_and_si128(_mm_srli_epi16(bytes[b], 4), four);
        _mm_store_si128((__m128i *)plane, _mm_and_si128(bytes[b], four));
        _mm_store_si128((__m128i *)(plane + GROUP), high);
      }
    }
  }
}

/* Adds the differences in one plane. */
INLINE void NAME(add_plane)(const uint8_t *plane, int query, __m256i *sums) {
  const __m256i table = _mm256_broadcastsi128_si256(
      _mm_load_si128((const __m128i *)DIFFERING[query]));
  for (int v = 0; v < VECTORS; v++) {
    __m256i items = _mm256_load_si256((const __m256i *)(plane + WIDE * v));
    sums[v] = _mm256_add_epi8(sums[v], _mm256_shuffle_epi8(table, items));
  }
}

/* Sums of at most BYTE_PLANES planes as bytes. */
INLINE void NAME(byte_sums)(const uint8_t *planes, const uint8_t *query,
                            int64_t bytes, __m256i *sums) {
  for (int v = 0; v < VECTORS; v++) sums[v] = _mm256_setzero_si256();
  for (int64_t b = 0; b < bytes; b++, planes += 2 * GROUP) {
    NAME(add_plane)(planes, query[b] & 15, sums);
    NAME(add_plane)(planes + GROUP, query[b] >> 4, sums);
  }
}

/* Distances of a group. Short codes leave them in `low`, as bytes. */
INLINE void NAME(group_sums)(const uint8_t *group, const uint8_t *query,
                             int64_t width, sums_t *sums) {
  enum { PART = BYTE_PLANES / 2 };
  if (width <= PART) {
    NAME(byte_sums)(group, query, width, sums->low);
    return;
  }
  memset(sums, 0, sizeof *sums);
  for (int64_t b = 0; b < width; b += PART) {
    __m256i part[VECTORS];
    NAME(byte_sums)(group + 2 * b * GROUP, query + b,
                    width - b < PART ? width - b : PART, part);
    for (int v = 0; v < VECTORS; v++) {
      __m256i low = _mm256_cvtepu8_epi16(_mm256_castsi256_si128(part[v]));
      __m256i high =
          _mm256_cvtepu8_epi16(_mm256_extracti128_si256(part[v], 1));
      sums->low[v] = _mm256_add_epi16(sums->low[v], low);
      sums->high[v] = _mm256_add_epi16(sums->high[v], high);
    }
  }
}

/* One bit for each of the WIDE items of vector v that are nearer than the
   limit. */
INLINE uint32_t NAME(nearer)(const sums_t *sums, int v, int64_t width,
                             int64_t limit) {
  if (2 * width <= BYTE_PLANES) {
    __m256i bound = _mm256_set1_epi8((char)limit), sum = sums->low[v];
    __m256i far = _mm256_cmpeq_epi8(_mm256_max_epu8(sum, bound), sum);
    return ~(uint32_t)_mm256_movemask_epi8(far);
  }
  __m256i bound = _mm256_set1_epi16((int16_t)limit);
  __m256i low = _mm256_cmpgt_epi16(bound, sums->low[v]);
  __m256i high = _mm256_cmpgt_epi16(bound, sums->high[v]);
  /* Packing takes halves in turn: 0 2 1 3. */
  __m256i both = _mm256_permute4x64_epi64(_mm256_packs_epi16(low, high), 0xD8);
  return (uint32_t)_mm256_movemask_epi8(both);
}

/* All distances of a group as numbers. */
INLINE void NAME(store_sums)(const sums_t *sums, int64_t width,
                             uint16_t found[GROUP]) {
  uint8_t bytes[GROUP];
  if (2 * width <= BYTE_PLANES) {
    memcpy(bytes, sums->low, GROUP);
    for (int j = 0; j < GROUP; j++) found[j] = bytes[j];
    return;
  }
  for (int v = 0; v < VECTORS; v++) {
    memcpy(found + WIDE * v, &sums->low[v], WIDE);
    memcpy(found + WIDE * v + WIDE / 2, &sums->high[v], WIDE);
  }
}

/* Calls `take` for the items of a group that are nearer than the limit. */
INLINE void NAME(visit_group)(const uint8_t *group, const uint8_t *query,
                              int64_t width, int64_t first, int64_t count,
                              collector_t *into, take_t take) {
  sums_t sums;
  uint32_t near[VECTORS], any = 0;
  NAME(group_sums)(group, query, width, &sums);
  for (int v = 0; v < VECTORS; v++)
    any |= near[v] = NAME(nearer)(&sums, v, width, into->limit);
  if (!any) return;
  uint16_t found[GROUP];
  NAME(store_sums)(&sums, width, found);
  for (int v = 0; v < VECTORS; v++)
    for (; near[v]; near[v] &= near[v] - 1) {
      int64_t position = WIDE * v + __builtin_ctz(near[v]);
      if (found[position] < into->limit && position < count)
        take(into, found[position], first + position);
    }
}

/* Items of a tile. */
INLINE int64_t NAME(nibble_tile)(int64_t width) {
  int64_t groups = TILE_BYTES / (2 * width * GROUP);
  return groups < 1 ? GROUP : groups * GROUP < TILE ? groups * GROUP : TILE;
}

INLINE void NAME(visit_tile_nibbles)(const uint8_t *groups, scan_t *scan,
                                     int64_t width, int64_t first,
                                     int64_t count, collector_t *into,
                                     take_t take) {
  for (int64_t i = 0; i < scan->queries.n; i++) {
    const uint8_t *query = (const uint8_t *)(scan->asked + i * scan->words);
    for (int64_t j = 0; j < count; j += GROUP)
      NAME(visit_group)(groups + j * 2 * width, query, width, first + j,
                        count - j, &into[i], take);
  }
}

INLINE void NAME(visit_nibbles)(scan_t *scan, collector_t *into, take_t take) {
  int64_t width = scan->items.width, tile = NAME(nibble_tile)(width);
  uint8_t *groups = NAME(aligned)(scan);
  for (int64_t first = 0; first < scan->items.n; first += tile) {
    int64_t left = scan->items.n - first, count = left < tile ? left : tile;
    NAME(lay_out_nibbles)(scan->items, first, count, groups);
    /* Known lengths make straight loops. */
    if (width == 8)
      NAME(visit_tile_nibbles)(groups, scan, 8, first, count, into, take);
    else if (width == 16)
      NAME(visit_tile_nibbles)(groups, scan, 16, first, count, into, take);
    else
      NAME(visit_tile_nibbles)(groups, scan, width, first, count, into, take);
  }
}

/* Bits in which 4 words differ from a query's, a number for each. */
INLINE __m256i NAME(differing)(const uint8_t *rows, __m256i query) {
  const __m256i four = _mm256_set1_epi8(15);
  const __m256i ones = _mm256_broadcastsi128_si256(
      _mm_load_si128((const __m128i *)DIFFERING[0]));
  __m256i x = _mm256_loadu_si256((const __m256i *)rows);
  x = _mm256_xor_si256(x, query);
  __m256i low = _mm256_and_si256(x, four);
  __m256i high = _mm256_and_si256(_mm256_srli_epi16(x, 4), four);
  __m256i sums = _mm256_add_epi8(_mm256_shuffle_epi8(ones, low),
                                 _mm256_shuffle_epi8(ones, high));
  return _mm256_sad_epu8(sums, _mm256_setzero_si256());
}

/* The same of 4 items of one word or two. */
INLINE __m256i NAME(four_items)(const uint8_t *rows, int64_t words,
                                __m256i query) {
  __m256i found = NAME(differing)(rows, query);
  if (words == 1) return found;
  __m256i more = NAME(differing)(rows + WIDE, query);
  found = _mm256_add_epi64(_mm256_unpacklo_epi64(found, more),
                           _mm256_unpackhi_epi64(found, more));
  /* Halves come in turn: 0 2 1 3. */
  return _mm256_permute4x64_epi64(found, 0xD8);
}

/* visit_rows for codes of one word or two. */
INLINE void NAME(visit_words)(const scan_t *scan, int64_t words,
                              collector_t *into, take_t take) {
  const uint64_t *asked = scan->asked;
  const int64_t a = (int64_t)asked[0], b = (int64_t)asked[words - 1];
  const __m256i query = _mm256_set_epi64x(b, a, b, a);
  int64_t first = 0, n = scan->items.n;
  for (; first + RUN <= n; first += RUN) {
    const uint8_t *rows = scan->items.rows + 8 * words * first;
    __m256i found[RUN / 4], least = _mm256_set1_epi64x(UINT8_MAX);
    for (int j = 0; j < RUN / 4; j++) {
      found[j] = NAME(four_items)(rows + WIDE * words * j, words, query);
      /* They fit into the lowest byte. */
      least = _mm256_min_epu8(least, found[j]);
    }
    __m256i nearer =
        _mm256_cmpgt_epi64(_mm256_set1_epi64x(into->limit), least);
    if (_mm256_testz_si256(nearer, nearer)) continue;
    int64_t distances[RUN];
    memcpy(distances, found, sizeof distances);
    for (int j = 0; j < RUN; j++)
      if (distances[j] < into->limit) take(into, distances[j], first + j);
  }
  NAME(visit_rows)(scan, words, first, into, take);
}

/* Whether one query of a word or two asks. */
INLINE int NAME(takes_words)(const scan_t *scan) {
  return scan->queries.n == 1 &&
         (scan->items.width == 8 || scan->items.width == 16);
}

/* Whether laying out nibbles pays, and their sums fit. */
INLINE int NAME(takes_nibbles)(const scan_t *scan) {
  return scan->queries.n >= FEW_QUERIES &&
         2 * scan->items.width <= MOST_PLANES;
}

/* Visits what need not be compared word by word; returns whether that was so. */
INLINE int NAME(visit_soon)(scan_t *scan, collector_t *into, take_t take) {
  if (NAME(takes_nibbles)(scan))
    NAME(visit_nibbles)(scan, into, take);
  else if (NAME(takes_words)(scan) && scan->words == 1)
    NAME(visit_words)(scan, 1, into, take);
  else if (NAME(takes_words)(scan))
    NAME(visit_words)(scan, 2, into, take);
  else
    return 0;
  return 1;
}

TARGET static void NAME(nearest)(scan_t *scan, collector_t *into) {
  if (!NAME(visit_soon)(scan, into, take_nearest))
    NAME(visit_nearest)(scan, into);
}

TARGET static void NAME(within)(scan_t *scan, collector_t *into) {
  if (!NAME(visit_soon)(scan, into, take_within))
    NAME(visit_within)(scan, into);
}
