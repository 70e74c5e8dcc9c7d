/* How a team divides its work. */
#ifndef ENNEAD_SHARE_H
#define ENNEAD_SHARE_H

#include "ennead.h"

/* A run of neighbours: begin, ..., end - 1. */
struct span {
  uint32_t begin, end;
};

/* The share of worker `core`: as equal as whole numbers allow. A team of 2, 4, 8 or 16 needs no division. */
static inline struct span span_of(uint32_t core, uint32_t team, uint32_t count) {
  uint32_t shift = 0;
  while (1u << shift < team) {
    shift++;
  }
  if (1u << shift == team) {
    return (struct span){count * core >> shift, count * (core + 1) >> shift};
  }
  return (struct span){count * core / team, count * (core + 1) / team};
}

/* What a worker computes of a matrix product. */
struct share {
  uint32_t row, row_step;   /* rows row, row + row_step, ... */
  uint32_t tile, tile_end;  /* columns of tiles */
  uint32_t first_tile;      /* where to begin among them */
  uint32_t has_edge;        /* also the columns that do not fill a tile */
};

/* Splits rows first, down to four for each worker, then columns of tiles. Divisions take up to 35 cycles, so the usual
 * case of enough rows has none. */
static inline struct share share_of(uint32_t core, uint32_t team, uint32_t rows, uint32_t tiles) {
  struct share share = {.row = core, .row_step = team, .tile = 0, .tile_end = tiles, .has_edge = 1};
  uint32_t parts = team;
  while (parts > 1 && (rows < 4 * parts || (parts < team && team % parts != 0))) {
    parts--;
  }
  if (parts < team) {
    const uint32_t columns = team / parts;
    const uint32_t column = core / parts;
    const struct span tile = span_of(column, columns, tiles);
    share.row = core % parts;
    share.row_step = parts;
    share.tile = tile.begin;
    share.tile_end = tile.end;
    share.has_edge = column + 1 == columns;
  }
  const uint32_t count = share.tile_end - share.tile;
  uint32_t first = share.row;
  while (count > 0 && first >= count) {
    first -= count;
  }
  share.first_tile = share.tile + (count > 0 ? first : 0);
  return share;
}

#endif
