/* What the steps of a layer share: the work space in L1, and transfers that are spread over the team. */
#ifndef ENNEAD_TILES_OF_LAYERS_H
#define ENNEAD_TILES_OF_LAYERS_H

#include <stddef.h>

#include "network.h"

enum {
  WORD = 4 / sizeof(REAL),
  TILE = 8, /* positions are padded to a multiple of this */
  ARENA_BYTES = 115 * 1024,
  ARENA_MARGIN = 16, /* a word before and after a tile may be read (columns.h) */
};

/* Work space of the step that runs. */
extern uint32_t network_arena[ARENA_BYTES / 4];

/* Hands out the work space from its beginning. More may be taken than there is, to learn how much a tiling needs. */
struct arena {
  uint32_t bytes;
};
#define EMPTY_ARENA ((struct arena){ARENA_MARGIN})

static inline int arena_fits(const struct arena *arena) { return arena->bytes + ARENA_MARGIN <= ARENA_BYTES; }

static inline void *arena_take(struct arena *arena, uint32_t elements, uint32_t size) {
  void *at = (char *)network_arena + arena->bytes;
  arena->bytes += (elements * size + 15) / 16 * 16;
  return at;
}

static inline REAL *arena_reals(struct arena *arena, uint32_t elements) { return arena_take(arena, elements, sizeof(REAL)); }

static inline uint32_t round_up(uint32_t value, uint32_t to) { return (value + to - 1) / to * to; }
static inline uint32_t least(uint32_t a, uint32_t b) { return a < b ? a : b; }
/* `value`, or the limit if there is one (it is not 0) and it is less. */
static inline uint32_t at_most(uint32_t limit, uint32_t value) { return limit != 0 && limit < value ? limit : value; }
static inline uint32_t parts(uint32_t value, uint32_t part) { return (value + part - 1) / part; }

/* The smallest row length that is twice an odd number of words: eight rows then begin in eight banks. */
static inline uint32_t row_length(uint32_t elements) { return ((elements + WORD - 1) / WORD + 1) / 4 * 4 * WORD + 2 * WORD; }

/* A worker's transfers that are under way, a bit for each. A worker's next command waits until its last one has begun to
 * move, so the commands of a tile are given by different workers: command i by worker i. */
struct transfers {
  uint32_t pending;
};

static inline void transfers_wait(struct transfers *transfers) {
  if (transfers->pending) {
    ennead_dma_wait_all(transfers->pending);
    transfers->pending = 0;
  }
}

/* Rows of `row` elements, l1_step and l2_step elements apart. */
struct block {
  const REAL *l1, *l2;
  uint32_t rows, row, l1_step, l2_step;
};

static inline void transfer(struct transfers *transfers, const struct worker *worker, uint32_t command, uint32_t direction,
                            const struct block *block) {
  if (command % worker->team != worker->core) {
    return;
  }
  const uint32_t size = sizeof(REAL);
  ennead_transfer id;
  if (block->rows == 1 || (block->row == block->l1_step && block->row == block->l2_step)) {
    id = ennead_dma(direction, (REAL *)block->l1, block->l2, block->rows * block->row * size);
  } else {
    id = ennead_dma_both(direction, (REAL *)block->l1, block->l1_step * size, block->l2, block->l2_step * size,
                         block->row * size, block->rows);
  }
  transfers->pending |= 1u << id;
}

/* Ends the run: a layer's smallest tile does not fit. */
_Noreturn void does_not_fit(const struct worker *worker, const char *name, uint32_t bytes);

/* Bytes of L1 that each step of each layer takes, for a host to read. */
extern volatile uint32_t ennead_footprint[];

static inline void record_footprint(const struct worker *worker, uint32_t region, uint32_t step, const struct arena *arena) {
  if (worker->core == 0) {
    ennead_footprint[(region - 1) / 2 + step] = arena->bytes;
  }
}

/* A step's time, and within it the time spent waiting for tiles. */
static inline void step_begins(uint32_t region, uint32_t step) { ennead_begin(region + 2 * step); }
static inline void step_ends(uint32_t region, uint32_t step) { ennead_end(region + 2 * step); }
static inline void wait_begins(uint32_t region, uint32_t step) { ennead_begin(region + 2 * step + 1); }
static inline void wait_ends(uint32_t region, uint32_t step) { ennead_end(region + 2 * step + 1); }

#endif
