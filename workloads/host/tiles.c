/* The register tiles of kernels/tiles.h, dots.h and unrolled.h in plain C, and exact fused multiply-adds, for the host build. */
#include "tiles.h"

#include <math.h>

#include "dots.h"
#include "ennead.h"
#include "unrolled.h"

float fma_f32(float a, float b, float c) { return fmaf(a, b, c); }

/* a * b + c where the product is exact in double: rounded to odd (the last bit records what was lost), so that a later
 * rounding to a format at least two bits shorter is the only one that counts. */
static double odd_sum(double product, double addend) {
  double sum = product + addend;
  const double back = sum - product;
  const double lost = (product - (sum - back)) + (addend - back);
  if (lost != 0 && isfinite(sum)) {
    const union {
      double value;
      uint64_t bits;
    } odd = {.value = sum};
    if ((odd.bits & 1) == 0) {
      sum = nextafter(sum, lost > 0 ? INFINITY : -INFINITY);
    }
  }
  return sum;
}

f16 fma_f16(f16 a, f16 b, f16 c) { return (f16)odd_sum((double)a * (double)b, (double)c); }

/* To nearest; ties to even. */
bf16 narrow_bf16(float a) {
  const union {
    float value;
    uint32_t bits;
  } single = {.value = a};
  if (isnan(a)) {
    return (bf16){0x7FC0};
  }
  return (bf16){(uint16_t)((single.bits + 0x7FFF + (single.bits >> 16 & 1)) >> 16)};
}

bf16 fma_bf16(bf16 a, bf16 b, bf16 c) {
  const double sum = odd_sum((double)widen_bf16(a) * (double)widen_bf16(b), (double)widen_bf16(c));
  union {
    float value;
    uint32_t bits;
  } odd = {.value = (float)sum};
  if ((double)odd.value != sum && isfinite(odd.value)) {
    if (fabs((double)odd.value) > fabs(sum)) {
      odd.bits--;
    }
    odd.bits |= 1;
  }
  return narrow_bf16(odd.value);
}

#define TILE(name, type, width, fma)                                                                           \
  static void name(struct mm_tiles *t, uint32_t rows) {                                                        \
    for (uint32_t row = 0; row < rows; row++) {                                                                \
      for (uint32_t column = 0; column < t->tiles * width; column++) {                                         \
        type sum = *(const type *)&t->init[row];                                                               \
        for (uint32_t k = 0; k < t->k; k++) {                                                                  \
          sum = fma(((const type *)((const char *)t->a + row * t->a_step))[k],                                 \
                    ((const type *)((const char *)t->b + k * t->b_step))[column], sum);                        \
        }                                                                                                      \
        ((type *)((char *)t->c + row * t->c_step))[column] = sum;                                              \
      }                                                                                                        \
    }                                                                                                          \
  }
TILE(tiles_f32, float, 4, fma_f32)
TILE(tiles_f16, f16, 8, fma_f16)
TILE(tiles_bf16, bf16, 8, fma_bf16)

void mm_tiles_4_f32(struct mm_tiles *t) { tiles_f32(t, 4); }
void mm_tiles_2_f32(struct mm_tiles *t) { tiles_f32(t, 2); }
void mm_tiles_1_f32(struct mm_tiles *t) { tiles_f32(t, 1); }
void mm_tiles_4_f16(struct mm_tiles *t) { tiles_f16(t, 4); }
void mm_tiles_4_bf16(struct mm_tiles *t) { tiles_bf16(t, 4); }
void mm_tiles_2_f16(struct mm_tiles *t) { tiles_f16(t, 2); }
void mm_tiles_2_bf16(struct mm_tiles *t) { tiles_bf16(t, 2); }
void mm_tiles_1_f16(struct mm_tiles *t) { tiles_f16(t, 1); }
void mm_tiles_1_bf16(struct mm_tiles *t) { tiles_bf16(t, 1); }

#define DOTS(name, type, lanes, fma)                                                                           \
  static void name(struct mm_dots *d, uint32_t rows, uint32_t columns) {                                       \
    for (uint32_t tile = 0; tile < d->tiles; tile++) {                                                         \
      for (uint32_t row = 0; row < rows; row++) {                                                              \
        for (uint32_t column = 0; column < columns; column++) {                                                \
          const type *a = (const type *)((const char *)d->a + row * d->a_step);                                \
          const type *b = (const type *)((const char *)d->b + tile * d->b_next + column * d->b_step);          \
          type *c = (type *)((char *)d->c + row * d->c_step + tile * d->c_next + column * d->c_column);        \
          for (uint32_t k = 0; k < d->words * lanes; k++) {                                                    \
            c[k % lanes] = fma(a[k], b[k], c[k % lanes]);                                                      \
          }                                                                                                    \
        }                                                                                                      \
      }                                                                                                        \
    }                                                                                                          \
  }
DOTS(dots_f32, float, 1, fma_f32)
DOTS(dots_f16, f16, 2, fma_f16)
DOTS(dots_bf16, bf16, 2, fma_bf16)

void mm_dots_4x4_f32(struct mm_dots *d) { dots_f32(d, 4, 4); }
void mm_dots_2x4_f32(struct mm_dots *d) { dots_f32(d, 2, 4); }
void mm_dots_1x4_f32(struct mm_dots *d) { dots_f32(d, 1, 4); }
void mm_dots_4x1_f32(struct mm_dots *d) { dots_f32(d, 4, 1); }
void mm_dots_2x1_f32(struct mm_dots *d) { dots_f32(d, 2, 1); }
void mm_dots_1x1_f32(struct mm_dots *d) { dots_f32(d, 1, 1); }
void mm_dots_4x4_f16(struct mm_dots *d) { dots_f16(d, 4, 4); }
void mm_dots_4x4_bf16(struct mm_dots *d) { dots_bf16(d, 4, 4); }
void mm_dots_2x4_f16(struct mm_dots *d) { dots_f16(d, 2, 4); }
void mm_dots_2x4_bf16(struct mm_dots *d) { dots_bf16(d, 2, 4); }
void mm_dots_1x4_f16(struct mm_dots *d) { dots_f16(d, 1, 4); }
void mm_dots_1x4_bf16(struct mm_dots *d) { dots_bf16(d, 1, 4); }
void mm_dots_4x1_f16(struct mm_dots *d) { dots_f16(d, 4, 1); }
void mm_dots_4x1_bf16(struct mm_dots *d) { dots_bf16(d, 4, 1); }
void mm_dots_2x1_f16(struct mm_dots *d) { dots_f16(d, 2, 1); }
void mm_dots_2x1_bf16(struct mm_dots *d) { dots_bf16(d, 2, 1); }
void mm_dots_1x1_f16(struct mm_dots *d) { dots_f16(d, 1, 1); }
void mm_dots_1x1_bf16(struct mm_dots *d) { dots_bf16(d, 1, 1); }

#define CHAIN(type, real, rows, columns)                                                                       \
  void unrolled_##rows##x##columns##_##type(struct unrolled_tile *t) {                                         \
    for (uint32_t at = 0; at < t->tiles * rows * columns; at++) {                                              \
      const uint32_t tile = at / (rows * columns), row = at / columns % rows, column = at % columns;           \
      const char *a = (const char *)t->a + row * t->a_step;                                                    \
      const char *b = (const char *)t->b + tile * t->b_next + column * sizeof(real);                           \
      real sum = {0};                                                                                          \
      for (uint32_t k = 0; k < t->steps; k++) {                                                                \
        sum = fma_##type(((const real *)a)[k], *(const real *)(b + k * t->b_step), sum);                       \
      }                                                                                                        \
      ((real *)((char *)t->c + tile * t->c_next + row * t->c_step))[column] = sum;                             \
    }                                                                                                          \
  }
#define CHAINS(type, real)                                                                                     \
  CHAIN(type, real, 1, 1)                                                                                      \
  CHAIN(type, real, 1, 2)                                                                                      \
  CHAIN(type, real, 1, 4)                                                                                      \
  CHAIN(type, real, 1, 8)                                                                                      \
  CHAIN(type, real, 2, 1)                                                                                      \
  CHAIN(type, real, 4, 1)                                                                                      \
  CHAIN(type, real, 8, 1)                                                                                      \
  CHAIN(type, real, 2, 2)                                                                                      \
  CHAIN(type, real, 2, 4)                                                                                      \
  CHAIN(type, real, 4, 2)                                                                                      \
  CHAIN(type, real, 4, 4)
CHAINS(f32, float)
CHAINS(f16, f16)
CHAINS(bf16, bf16)

#define PACKED_TILE(type, form, rows, columns, b_column, b_element)                                            \
  void unrolled_##form##_##rows##x##columns##_##type(struct unrolled_tile *t) {                                \
    for (uint32_t at = 0; at < t->tiles * rows * columns; at++) {                                              \
      const uint32_t tile = at / (rows * columns), row = at / columns % rows, column = at % columns;           \
      const type *a = (const type *)((const char *)t->a + row * t->a_step);                                    \
      const char *b = (const char *)t->b + tile * t->b_next + column * (b_column);                             \
      type *sums = (type *)((char *)t->c + tile * t->c_next + row * t->c_step) + 2 * column;                   \
      sums[0] = sums[1] = (type){0};                                                                           \
      for (uint32_t k = 0; k < 2 * t->steps; k++) {                                                            \
        sums[k & 1] = fma_##type(a[k], *(const type *)(b + k * (b_element)), sums[k & 1]);                     \
      }                                                                                                        \
    }                                                                                                          \
  }
PACKED_TILE(f16, pairs, 1, 2, t->b_step, 2)
PACKED_TILE(f16, pairs, 2, 4, t->b_step, 2)
PACKED_TILE(f16, shuffle, 1, 2, 2, t->b_step)
PACKED_TILE(f16, shuffle, 2, 4, 2, t->b_step)
PACKED_TILE(bf16, pairs, 1, 2, t->b_step, 2)
PACKED_TILE(bf16, pairs, 2, 4, t->b_step, 2)
PACKED_TILE(bf16, shuffle, 1, 2, 2, t->b_step)
PACKED_TILE(bf16, shuffle, 2, 4, 2, t->b_step)
