/* The loops of elementwise.h in C, around packed operations of ennead.h. Words are dealt out in turn: neighbouring workers
 * work in neighbouring banks. */
#include "elementwise.h"

#define ELEMENTWISE(type, packed, maximum, mask_positive, fma, multiply, splat)                                \
  void relu_##type(uint32_t *y, const uint32_t *x, uint32_t words, uint32_t core, uint32_t team) {             \
    for (uint32_t i = core; i < words; i += team) {                                                            \
      y[i] = maximum(x[i]);                                                                                    \
    }                                                                                                          \
  }                                                                                                            \
                                                                                                               \
  void relu_backward_##type(uint32_t *dx, const uint32_t *dy, const uint32_t *x, uint32_t words,               \
                            uint32_t core, uint32_t team) {                                                    \
    for (uint32_t i = core; i < words; i += team) {                                                            \
      dx[i] = dy[i] & mask_positive(x[i]);                                                                     \
    }                                                                                                          \
  }                                                                                                            \
                                                                                                               \
  void sgd_##type(const struct sgd *sgd, uint32_t core, uint32_t team) {                                       \
    const packed rate = splat(-sgd->rate), momentum = splat(sgd->momentum), decay = splat(sgd->decay);         \
    packed *w = (packed *)sgd->w, *v = (packed *)sgd->v;                                                       \
    const packed *dw = (const packed *)sgd->dw;                                                                \
    for (uint32_t i = core; i < sgd->words; i += team) {                                                       \
      const packed gradient = fma(w[i], decay, dw[i]);                                                         \
      const packed velocity = fma(v[i], momentum, gradient);                                                   \
      v[i] = velocity;                                                                                         \
      w[i] = fma(velocity, rate, w[i]);                                                                        \
    }                                                                                                          \
  }                                                                                                            \
                                                                                                               \
  void outer_##type(const struct outer *outer, uint32_t core, uint32_t team) {                                 \
    const uint32_t lanes = sizeof(packed) / sizeof(type##_element);                                            \
    const packed *x = (const packed *)outer->x;                                                                \
    for (uint32_t row = core; row < outer->n; row += team) {                                                   \
      const packed dy = splat((float)((const type##_element *)outer->dy)[row]);                                \
      packed *to = (packed *)outer->dw + row * (outer->ld / lanes);                                            \
      for (uint32_t i = 0; i < outer->words; i++) {                                                            \
        to[i] = multiply(x[i], dy);                                                                            \
      }                                                                                                        \
    }                                                                                                          \
  }

typedef float f32_element;
typedef f16 f16_element;

ELEMENTWISE(f32, float, positive_f32, positive_mask_f32, fma_f32, multiply_f32, splat_f32)
ELEMENTWISE(f16, f16x2, positive_f16x2, positive_mask_f16x2, fma_f16x2, multiply_f16x2, splat_f16x2)
