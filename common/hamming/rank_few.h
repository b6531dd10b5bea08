/* The ranking of scan_body.h for codes of at most FEW bits, included by scan.c.

   With few distances a cursor is needed again before its last sum is stored,
   and counting item by item waits for it. Here a block of 64 items is one
   vector of bytes: the items at a distance are a mask, an expansion of 0, 1,
   2, ... over the mask numbers them, and cursors move once per block. */

#include <immintrin.h>

enum { FEW = 16, BLOCK = 64 };

/* The low bytes of 64 cells. */
TARGET static inline __m512i low_bytes(const uint32_t *cells) {
  uint8_t every_fourth[BLOCK];
  for (int j = 0; j < BLOCK; j++) every_fourth[j] = (uint8_t)(4 * j % 128);
  __m512i order = _mm512_loadu_si512(every_fourth);
  __m512i low = _mm512_permutex2var_epi8(_mm512_loadu_si512(cells), order,
                                         _mm512_loadu_si512(cells + 16));
  __m512i high = _mm512_permutex2var_epi8(_mm512_loadu_si512(cells + 32), order,
                                          _mm512_loadu_si512(cells + 48));
  return _mm512_inserti64x4(low, _mm512_castsi512_si256(high), 1);
}

/* Writes the cursors that `count` relevant items met, eight at a time and so
   up to seven too many. Sixteen cursors are two vectors, the last stands
   alone. */
TARGET static inline void write_met(const uint64_t *cursors, __m512i distances,
                                    __m512i places, __m512i relevant_places,
                                    int64_t count, int64_t field,
                                    uint64_t *end) {
  uint8_t distance[BLOCK], place[BLOCK], relevant_place[BLOCK];
  __m512i one = _mm512_set1_epi64(1 + (INT64_C(1) << field));
  _mm512_storeu_si512(distance, distances);
  _mm512_storeu_si512(place, places);
  _mm512_storeu_si512(relevant_place, relevant_places);
  __m512i low = _mm512_loadu_si512(cursors), last = _mm512_set1_epi64(FEW);
  __m512i high = _mm512_loadu_si512(cursors + VECTOR);
  for (int64_t j = 0; j < count; j += VECTOR) {
    __m512i d = _mm512_cvtepu8_epi64(_mm_loadl_epi64((void *)(distance + j)));
    __m512i p = _mm512_cvtepu8_epi64(_mm_loadl_epi64((void *)(place + j)));
    __m512i r =
        _mm512_cvtepu8_epi64(_mm_loadl_epi64((void *)(relevant_place + j)));
    __m512i met = _mm512_permutex2var_epi64(low, d, high);
    met = _mm512_mask_set1_epi64(met, _mm512_cmpeq_epi64_mask(d, last),
                                 (int64_t)cursors[FEW]);
    met = _mm512_add_epi64(_mm512_add_epi64(met, one), p);
    met = _mm512_add_epi64(
        met, _mm512_sll_epi64(r, _mm_cvtsi64_si128(field)));
    _mm512_storeu_si512(end + j, met);
  }
}

/* `rank_cells` of scan_body.h, a block at a time. */
TARGET static inline void rank_few_cells(void *state, int64_t query,
                                         const uint32_t *cells,
                                         int64_t count) {
  ranking_t *ranking = state;
  int64_t bits = ranking->bits, field = ranking->field;
  uint64_t *kept = ranking->cursors + query * (bits + 1);
  uint64_t cursors[FEW + 1], all[FEW + 1], hits[FEW + 1];
  uint64_t *end = ranking->ends[query];
  uint8_t numbers[BLOCK];
  for (int j = 0; j < BLOCK; j++) numbers[j] = (uint8_t)j;
  __m512i number = _mm512_loadu_si512(numbers), one = _mm512_set1_epi8(1);
  for (int d = 0; d <= FEW; d++) cursors[d] = d <= bits ? kept[d] : 0;
  for (int64_t first = 0; first < count; first += BLOCK) {
    __mmask64 there = count - first < BLOCK
                          ? (UINT64_C(1) << (count - first)) - 1
                          : UINT64_MAX;
    __m512i cell = low_bytes(cells + first);
    __mmask64 relevant = _mm512_mask_test_epi8_mask(there, cell, one);
    __m512i place = number, relevant_place = number;
    __m512i wanted = one, odd = _mm512_or_si512(cell, one);
    for (int d = 0; d <= FEW; d++) {
      __mmask64 at = _mm512_mask_cmpeq_epi8_mask(there, odd, wanted);
      __mmask64 relevant_at = at & relevant;
      place = _mm512_mask_expand_epi8(place, at, number);
      relevant_place =
          _mm512_mask_expand_epi8(relevant_place, relevant_at, number);
      all[d] = (uint64_t)_mm_popcnt_u64(at);
      hits[d] = (uint64_t)_mm_popcnt_u64(relevant_at);
      wanted = _mm512_add_epi8(wanted, _mm512_set1_epi8(2));
    }
    int64_t met = _mm_popcnt_u64(relevant);
    __m512i distance = _mm512_and_si512(_mm512_srli_epi16(cell, 1),
                                        _mm512_set1_epi8(127));
    write_met(cursors, _mm512_maskz_compress_epi8(relevant, distance),
              _mm512_maskz_compress_epi8(relevant, place),
              _mm512_maskz_compress_epi8(relevant, relevant_place), met, field,
              end);
    end += met;
    for (int d = 0; d <= FEW; d++)
      cursors[d] += all[d] + (hits[d] << field);
  }
  for (int64_t d = 0; d <= bits; d++) kept[d] = cursors[d];
  ranking->ends[query] = end;
}

TARGET static void visit_ranks_few(scan_t *scan, scan_t *labels, void *state) {
  visit_cells_avx512(scan, labels, rank_few_cells, state);
}

#undef TARGET
