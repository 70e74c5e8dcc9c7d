/* The register tiles of kernels/tiles.h and kernels/dots.h in plain C, and exact fused multiply-adds, for the host build. */
#include "tiles.h"

#include <math.h>

#include "dots.h"
#include "ennead.h"

float fma_f32(float a, float b, float c) { return fmaf(a, b, c); }

/* The product is exact in double; adding c to odd (the last bit records what was lost) makes the second rounding
 * the only one that counts. */
f16 fma_f16(f16 a, f16 b, f16 c) {
  const double product = (double)a * (double)b, addend = (double)c;
  double sum = product + addend;
  const double back = sum - product;
  const double lost = (product - (sum - back)) + (addend - back);
  if (lost != 0 && isfinite(sum)) {
    union {
      double value;
      uint64_t bits;
    } odd = {.value = sum};
    if ((odd.bits & 1) == 0) {
      sum = nextafter(sum, lost > 0 ? INFINITY : -INFINITY);
    }
  }
  return (f16)sum;
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

void mm_tiles_4_f32(struct mm_tiles *t) { tiles_f32(t, 4); }
void mm_tiles_2_f32(struct mm_tiles *t) { tiles_f32(t, 2); }
void mm_tiles_1_f32(struct mm_tiles *t) { tiles_f32(t, 1); }
void mm_tiles_4_f16(struct mm_tiles *t) { tiles_f16(t, 4); }
void mm_tiles_2_f16(struct mm_tiles *t) { tiles_f16(t, 2); }
void mm_tiles_1_f16(struct mm_tiles *t) { tiles_f16(t, 1); }

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

void mm_dots_4x4_f32(struct mm_dots *d) { dots_f32(d, 4, 4); }
void mm_dots_2x4_f32(struct mm_dots *d) { dots_f32(d, 2, 4); }
void mm_dots_1x4_f32(struct mm_dots *d) { dots_f32(d, 1, 4); }
void mm_dots_4x1_f32(struct mm_dots *d) { dots_f32(d, 4, 1); }
void mm_dots_2x1_f32(struct mm_dots *d) { dots_f32(d, 2, 1); }
void mm_dots_1x1_f32(struct mm_dots *d) { dots_f32(d, 1, 1); }
void mm_dots_4x4_f16(struct mm_dots *d) { dots_f16(d, 4, 4); }
void mm_dots_2x4_f16(struct mm_dots *d) { dots_f16(d, 2, 4); }
void mm_dots_1x4_f16(struct mm_dots *d) { dots_f16(d, 1, 4); }
void mm_dots_4x1_f16(struct mm_dots *d) { dots_f16(d, 4, 1); }
void mm_dots_2x1_f16(struct mm_dots *d) { dots_f16(d, 2, 1); }
void mm_dots_1x1_f16(struct mm_dots *d) { dots_f16(d, 1, 1); }
