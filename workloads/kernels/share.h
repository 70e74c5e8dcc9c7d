/* How a team divides the rows and columns of a matrix product. */
#ifndef ENNEAD_SHARE_H
#define ENNEAD_SHARE_H

#include "ennead.h"

struct share {
  uint32_t row, row_step;   /* rows row, row + row_step, ... */
  uint32_t tile, tile_end;  /* columns of tiles */
  uint32_t first_tile;      /* where to begin among them */
  uint32_t has_edge;        /* also the columns that do not fill a tile */
};

/* Splits rows first, down to four for each worker, then columns of tiles. */
static inline struct share share_of(uint32_t core, uint32_t team, uint32_t rows, uint32_t tiles) {
  uint32_t parts = team;
  while (parts > 1 && (team % parts != 0 || rows < 4 * parts)) {
    parts--;
  }
  const uint32_t columns = team / parts;
  const uint32_t column = core / parts;
  struct share share;
  share.row = core % parts;
  share.row_step = parts;
  share.tile = tiles * column / columns;
  share.tile_end = tiles * (column + 1) / columns;
  const uint32_t count = share.tile_end - share.tile;
  share.first_tile = share.tile + (count ? share.row % count : 0);
  share.has_edge = column + 1 == columns;
  return share;
}

#endif
