/* Body of unrolled.c for one element type; included once for each. */
#include "element.h"

static const struct unrolling NAME(chains)[UNROLLED_CHAINS] = {
    {NAME(unrolled_1x1), 1, 1, 0}, {NAME(unrolled_1x2), 1, 2, 0}, {NAME(unrolled_1x4), 1, 4, 0},
    {NAME(unrolled_1x8), 1, 8, 0}, {NAME(unrolled_2x1), 2, 1, 0}, {NAME(unrolled_4x1), 4, 1, 0},
    {NAME(unrolled_8x1), 8, 1, 0}, {NAME(unrolled_2x2), 2, 2, 0}, {NAME(unrolled_2x4), 2, 4, 0},
    {NAME(unrolled_4x2), 4, 2, 0}, {NAME(unrolled_4x4), 4, 4, 0},
};

void NAME(matmul_unrolled)(const struct unrolled *mm, uint32_t number, uint32_t core, uint32_t team) {
  const struct unrolling form = NAME(chains)[number];
  const struct part part = part_of(mm, core, team, 1);
  for (uint32_t done = 0; done < part.rows;) {
    const uint32_t rows = part.rows - done < form.rows ? 1 : form.rows;
    const uint32_t columns = rows == form.rows ? form.columns : 1;
    const uint32_t row = part.row + done * part.row_step;
    struct unrolled_tile tile = {
        .a = (const REAL *)mm->a + row * mm->lda,
        .a_step = part.row_step * mm->lda * sizeof(REAL),
        .b = (const REAL *)mm->b + part.column,
        .b_step = mm->ldb * sizeof(REAL),
        .b_next = columns * sizeof(REAL),
        .c = (REAL *)mm->c + row * mm->ldc + part.column,
        .c_step = part.row_step * mm->ldc * sizeof(REAL),
        .c_next = columns * sizeof(REAL),
        .steps = mm->k,
        .tiles = part.columns / columns,
    };
    if (tile.tiles > 0) {
      (rows == form.rows ? form.tile : NAME(unrolled_1x1))(&tile);
    }
    const uint32_t edge = part.columns - part.columns % columns;
    for (uint32_t i = 0; i < rows && edge < part.columns; i++) {
      struct unrolled_tile element = {
          .a = (const REAL *)mm->a + (row + i * part.row_step) * mm->lda,
          .b = (const REAL *)mm->b + part.column + edge,
          .b_step = mm->ldb * sizeof(REAL),
          .b_next = sizeof(REAL),
          .c = (REAL *)mm->c + (row + i * part.row_step) * mm->ldc + part.column + edge,
          .c_next = sizeof(REAL),
          .steps = mm->k,
          .tiles = part.columns - edge,
      };
      NAME(unrolled_1x1)(&element);
    }
    done += rows;
  }
}

#if TYPE != F32
static const struct unrolling NAME(packed)[UNROLLED_PACKED] = {
    {NAME(unrolled_pairs_2x4), 2, 4, 1},
    {NAME(unrolled_pairs_1x2), 1, 2, 1},
    {NAME(unrolled_shuffle_2x4), 2, 4, 0},
    {NAME(unrolled_shuffle_1x2), 1, 2, 0},
};

/* Elements of a column of B lie `step` apart. */
struct NAME(column) {
  const REAL *first;
  uint32_t step;
};

static struct NAME(column) NAME(column)(const struct unrolled *mm, const struct unrolling *form, uint32_t column) {
  const REAL *b = mm->b;
  return form->transposed ? (struct NAME(column)){b + column * mm->ldb, 1} : (struct NAME(column)){b + column, mm->ldb};
}

/* The last element of an odd k, and the sum of the two sums. */
static void NAME(finish)(const struct unrolled *mm, const struct unrolling *form, uint32_t row, uint32_t column) {
  const REAL *sums = (const REAL *)(mm->sums + row * mm->m + column);
  REAL even = sums[0];
  if (mm->k & 1) {
    const struct NAME(column) b = NAME(column)(mm, form, column);
    even = NAME(fma)(((const REAL *)mm->a)[row * mm->lda + mm->k - 1], b.first[(mm->k - 1) * b.step], even);
  }
  ((REAL *)mm->c)[row * mm->ldc + column] = NAME(add)(even, sums[1]);
}

/* One element without a tile. */
static void NAME(edge)(const struct unrolled *mm, const struct unrolling *form, uint32_t row, uint32_t column) {
  const REAL *a = (const REAL *)mm->a + row * mm->lda;
  const struct NAME(column) b = NAME(column)(mm, form, column);
  const REAL *at = b.first;
  REAL even = ZERO, odd = ZERO;
  for (uint32_t i = mm->k / 2; i > 0; i--, a += 2, at += 2 * b.step) {
    even = NAME(fma)(a[0], at[0], even);
    odd = NAME(fma)(a[1], at[b.step], odd);
  }
  if (mm->k & 1) {
    even = NAME(fma)(a[0], at[0], even);
  }
  ((REAL *)mm->c)[row * mm->ldc + column] = NAME(add)(even, odd);
}

void NAME(matmul_packed)(const struct unrolled *mm, uint32_t number, uint32_t core, uint32_t team) {
  const struct unrolling form = NAME(packed)[number];
  const struct part part = part_of(mm, core, team, 2);
  const uint32_t tiles = mm->k > 1 ? part.columns / form.columns : 0, in_tiles = tiles * form.columns;
  for (uint32_t done = 0; done < part.rows;) {
    const uint32_t row = part.row + done * part.row_step, whole = part.rows - done >= form.rows;
    const uint32_t rows = whole ? form.rows : 1, covered = whole ? in_tiles : 0;
    struct unrolled_tile tile = {
        .a = (const REAL *)mm->a + row * mm->lda,
        .a_step = part.row_step * mm->lda * sizeof(REAL),
        .b = NAME(column)(mm, &form, part.column).first,
        .b_step = mm->ldb * sizeof(REAL),
        .b_next = form.columns * (form.transposed ? mm->ldb : 1) * sizeof(REAL),
        .c = mm->sums + row * mm->m + part.column,
        .c_step = part.row_step * mm->m * 4,
        .c_next = form.columns * 4,
        .steps = mm->k / 2,
        .tiles = tiles,
    };
    if (covered > 0) {
      form.tile(&tile);
    }
    for (uint32_t i = 0; i < rows; i++) {
      const uint32_t at = row + i * part.row_step;
      uint32_t column = 0;
      for (; column < covered; column++) {
        NAME(finish)(mm, &form, at, part.column + column);
      }
      for (; column < part.columns; column++) {
        NAME(edge)(mm, &form, at, part.column + column);
      }
    }
    done += rows;
  }
}
#endif
