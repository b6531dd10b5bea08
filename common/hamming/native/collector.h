/* What a query keeps of the items that come near enough. Part of every code
   path, so that it is compiled into its loops. */

#ifndef COLLECTOR_H
#define COLLECTOR_H

#include "scan.h"

typedef void (*take_t)(collector_t *, int64_t distance, int64_t position);

static inline int64_t tile_count(int64_t n, int64_t first) {
  return n - first < TILE ? n - first : TILE;
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

#endif
