/* How a team divides a product by rows into the register tiles of dots.h. Rows of both operands are interleaved, those
 * of A over the team and those of B over the four columns of a tile, so that workers in step meet in few banks. */
#include "matmul_dot.h"

#include "dots.h"
#include "share.h"

typedef void dots_kernel(struct mm_dots *dots);

/* The kernels of one element type, by number of rows. */
struct dots_kernels {
  dots_kernel *rows4, *rows2, *rows1;
};

static dots_kernel *by_rows(const struct dots_kernels *kernels, uint32_t rows) {
  return rows == 4 ? kernels->rows4 : rows == 2 ? kernels->rows2 : kernels->rows1;
}

/* Row lengths are in bytes here, so that one function serves both element types. */
static void divide(const struct matmul_dot *mm, uint32_t lda, uint32_t ldb, uint32_t words, uint32_t core,
                   uint32_t team, const struct dots_kernels *by4, const struct dots_kernels *by1) {
  const uint32_t tiles = mm->m / 4;
  const struct share share = share_of(core, team, mm->n, tiles);
  for (uint32_t row = share.row; row < mm->n;) {
    const uint32_t there = row + 3 * share.row_step < mm->n ? 4 : row + share.row_step < mm->n ? 2 : 1;
    const uint32_t rows = mm->rows == 0 || there < mm->rows ? there : mm->rows;
    struct mm_dots common = {
        .a = (const char *)mm->a + row * lda,
        .a_step = share.row_step * lda,
        .b_step = tiles * ldb,
        .b_next = ldb,
        .c_step = share.row_step * mm->m * 4,
        .c_column = tiles * 4,
        .c_next = 4,
        .words = words,
    };
    for (uint32_t part = 0; part < 2; part++) {
      const uint32_t begin = part == 0 ? share.first_tile : share.tile;
      const uint32_t end = part == 0 ? share.tile_end : share.first_tile;
      if (begin < end) {
        struct mm_dots dots = common;
        dots.b = (const char *)mm->b + begin * ldb;
        dots.c = mm->sums + row * mm->m + begin;
        dots.tiles = end - begin;
        by_rows(by4, rows)(&dots);
      }
    }
    if (share.has_edge && mm->m % 4 != 0) {
      struct mm_dots dots = common;
      dots.b = (const char *)mm->b + 4 * tiles * ldb;
      dots.c = mm->sums + row * mm->m + 4 * tiles;
      dots.tiles = mm->m % 4;
      by_rows(by1, rows)(&dots);
    }
    row += rows * share.row_step;
  }
}

void matmul_dot_f32(const struct matmul_dot *mm, uint32_t core, uint32_t team) {
  static const struct dots_kernels by4 = {mm_dots_4x4_f32, mm_dots_2x4_f32, mm_dots_1x4_f32};
  static const struct dots_kernels by1 = {mm_dots_4x1_f32, mm_dots_2x1_f32, mm_dots_1x1_f32};
  divide(mm, mm->lda * 4, mm->ldb * 4, mm->k, core, team, &by4, &by1);
}

void matmul_dot_bf16(const struct matmul_dot *mm, uint32_t core, uint32_t team) {
  static const struct dots_kernels by4 = {mm_dots_4x4_bf16, mm_dots_2x4_bf16, mm_dots_1x4_bf16};
  static const struct dots_kernels by1 = {mm_dots_4x1_bf16, mm_dots_2x1_bf16, mm_dots_1x1_bf16};
  divide(mm, mm->lda * 2, mm->ldb * 2, mm->k / 2, core, team, &by4, &by1);
}

void matmul_dot_f16(const struct matmul_dot *mm, uint32_t core, uint32_t team) {
  static const struct dots_kernels by4 = {mm_dots_4x4_f16, mm_dots_2x4_f16, mm_dots_1x4_f16};
  static const struct dots_kernels by1 = {mm_dots_4x1_f16, mm_dots_2x1_f16, mm_dots_1x1_f16};
  divide(mm, mm->lda * 2, mm->ldb * 2, mm->k / 2, core, team, &by4, &by1);
}

/* By pointers and four at a time: that is how the compiler finds the immediate offsets. */
static void finish_f32(float *to, const float *sums, const float *start, uint32_t count) {
  if (!start) {
    ennead_copy_words(to, sums, count);
    return;
  }
  for (; count > 0; count--) {
    *to++ = *sums++ + *start++;
  }
}

#define FINISH(type)                                                                                           \
  static void finish_##type(type *to, const type *lanes, const type *start, uint32_t count) {                  \
    for (; !start && count >= 4; count -= 4, to += 4, lanes += 8) {                                            \
      const type a = add_##type(lanes[0], lanes[1]), b = add_##type(lanes[2], lanes[3]);                       \
      const type c = add_##type(lanes[4], lanes[5]), d = add_##type(lanes[6], lanes[7]);                       \
      to[0] = a;                                                                                               \
      to[1] = b;                                                                                               \
      to[2] = c;                                                                                               \
      to[3] = d;                                                                                               \
    }                                                                                                          \
    for (; count > 0; count--, lanes += 2) {                                                                   \
      const type sum = add_##type(lanes[0], lanes[1]);                                                         \
      *to++ = start ? add_##type(sum, *start++) : sum;                                                         \
    }                                                                                                          \
  }                                                                                                            \
  void finish_sums_##type(type *to, const uint32_t *sums, const type *start, uint32_t count, uint32_t core,    \
                          uint32_t team) {                                                                     \
    const struct span span = span_of(core, team, count);                                                       \
    finish_##type(to + span.begin, (const type *)(sums + span.begin), start ? start + span.begin : NULL,       \
                  span.end - span.begin);                                                                      \
  }
FINISH(f16)
FINISH(bf16)

void finish_sums_f32(float *to, const uint32_t *sums, const float *start, uint32_t count, uint32_t core, uint32_t team) {
  const struct span span = span_of(core, team, count);
  finish_f32(to + span.begin, (const float *)sums + span.begin, start ? start + span.begin : NULL,
             span.end - span.begin);
}
