/* Layers and updates that treat each element alone, on whole words: two elements at a time in FP16. Shared by a team;
 * none ends with a barrier. */
#ifndef ENNEAD_ELEMENTWISE_H
#define ENNEAD_ELEMENTWISE_H

#include "ennead.h"

/* y = x where x > 0, else 0. Sign-magnitude floats are ordered like integers above zero, so this is an integer
 * maximum. */
void relu_f32(uint32_t *y, const uint32_t *x, uint32_t words, uint32_t core, uint32_t team);
void relu_f16(uint32_t *y, const uint32_t *x, uint32_t words, uint32_t core, uint32_t team);
void relu_bf16(uint32_t *y, const uint32_t *x, uint32_t words, uint32_t core, uint32_t team);

/* dx = dy where x > 0, else 0. */
void relu_backward_f32(uint32_t *dx, const uint32_t *dy, const uint32_t *x, uint32_t words, uint32_t core, uint32_t team);
void relu_backward_f16(uint32_t *dx, const uint32_t *dy, const uint32_t *x, uint32_t words, uint32_t core, uint32_t team);
void relu_backward_bf16(uint32_t *dx, const uint32_t *dy, const uint32_t *x, uint32_t words, uint32_t core, uint32_t team);

/* v = momentum v + (decay w + dw); w = w - rate v: three fused multiply-adds for each weight. */
struct sgd {
  uint32_t *w, *v;
  const uint32_t *dw;
  uint32_t words;
  float rate, momentum, decay;
};
void sgd_f32(const struct sgd *sgd, uint32_t core, uint32_t team);
void sgd_f16(const struct sgd *sgd, uint32_t core, uint32_t team);
void sgd_bf16(const struct sgd *sgd, uint32_t core, uint32_t team);

/* dw[n x m] = dy[n] x[m]^T, m in words, rows of dw ld elements apart: the weight gradient of a fully connected layer. */
struct outer {
  const void *dy;
  const uint32_t *x;
  uint32_t *dw;
  uint32_t n, words, ld;
};
void outer_f32(const struct outer *outer, uint32_t core, uint32_t team);
void outer_f16(const struct outer *outer, uint32_t core, uint32_t team);
void outer_bf16(const struct outer *outer, uint32_t core, uint32_t team);

#endif
