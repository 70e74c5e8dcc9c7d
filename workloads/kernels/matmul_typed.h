/* Body of matmul.c for one element type; included once for each. */
#include "element.h"
#undef TILE_COLUMNS
#define TILE_COLUMNS (4 * LANES)

static uint32_t NAME(init_word)(const struct matmul *mm, uint32_t row) {
  union {
    REAL element[LANES];
    uint32_t word;
  } init = {.word = 0};
  if (mm->bias) {
    for (uint32_t lane = 0; lane < LANES; lane++) {
      init.element[lane] = ((const REAL *)mm->bias)[row];
    }
  }
  return init.word;
}

static REAL NAME(element)(const struct matmul *mm, uint32_t row, uint32_t column) {
  const REAL *a = (const REAL *)mm->a + row * mm->lda;
  const REAL *b = (const REAL *)mm->b + column;
  REAL sum = mm->bias ? ((const REAL *)mm->bias)[row] : ZERO;
  return NAME(chain)(a, b, mm->ldb * sizeof(REAL), mm->k, sum);
}

/* `rows` (4, 2 or 1) rows from `row` on, columns of tiles begin..end. */
static void NAME(run)(const struct matmul *mm, const struct share *share, uint32_t rows, uint32_t row,
                      uint32_t begin, uint32_t end) {
  if (begin == end) {
    return;
  }
  struct mm_tiles tiles = {
      .a = (const REAL *)mm->a + row * mm->lda,
      .a_step = share->row_step * mm->lda * sizeof(REAL),
      .b = (const REAL *)mm->b + begin * TILE_COLUMNS,
      .b_step = mm->ldb * sizeof(REAL),
      .c = (REAL *)mm->c + row * mm->ldc + begin * TILE_COLUMNS,
      .c_step = share->row_step * mm->ldc * sizeof(REAL),
      .k = mm->k,
      .tiles = end - begin,
  };
  for (uint32_t i = 0; i < rows; i++) {
    tiles.init[i] = NAME(init_word)(mm, row + i * share->row_step);
  }
  if (rows == 4) {
    NAME(mm_tiles_4)(&tiles);
  } else if (rows == 2) {
    NAME(mm_tiles_2)(&tiles);
  } else {
    NAME(mm_tiles_1)(&tiles);
  }
}

void NAME(matmul)(const struct matmul *mm, uint32_t core, uint32_t team) {
  const uint32_t tiles = mm->m / TILE_COLUMNS;
  const struct share share = share_of(core, team, mm->n, tiles);
  uint32_t row = share.row;
  while (row < mm->n) {
    const uint32_t there = row + 3 * share.row_step < mm->n ? 4 : row + share.row_step < mm->n ? 2 : 1;
    const uint32_t rows = mm->rows == 0 || there < mm->rows ? there : mm->rows;
    NAME(run)(mm, &share, rows, row, share.first_tile, share.tile_end);
    NAME(run)(mm, &share, rows, row, share.tile, share.first_tile);
    if (share.has_edge) {
      for (uint32_t i = 0; i < rows; i++, row += share.row_step) {
        for (uint32_t column = tiles * TILE_COLUMNS; column < mm->m; column++) {
          ((REAL *)mm->c)[row * mm->ldc + column] = NAME(element)(mm, row, column);
        }
      }
    } else {
      row += rows * share.row_step;
    }
  }
}

void NAME(matmul_naive)(const struct matmul *mm, uint32_t core, uint32_t team) {
  for (uint32_t row = core; row < mm->n; row += team) {
    for (uint32_t column = 0; column < mm->m; column++) {
      ((REAL *)mm->c)[row * mm->ldc + column] = NAME(element)(mm, row, column);
    }
  }
}
