/* What follows the last convolution of a classifier: mean over positions, softmax with cross-entropy, and their gradients.
 * None ends with a barrier. */
#ifndef ENNEAD_HEAD_H
#define ENNEAD_HEAD_H

#include "ennead.h"

/* pooled[c] = scale * sum over the first `positions` elements of plane c, one chain of additions. */
struct pool {
  const void *x;
  void *pooled;
  uint32_t channels, positions, plane; /* elements from one plane to the next */
  float scale;                         /* 1 / positions */
};
void pool_f32(const struct pool *pool, uint32_t core, uint32_t team);
void pool_f16(const struct pool *pool, uint32_t core, uint32_t team);
void pool_bf16(const struct pool *pool, uint32_t core, uint32_t team);

/* dx = scale * d_pooled where x > 0, else 0: the gradient before the ReLU that made x. dx may be x. */
struct pool_gradient {
  const void *x, *d_pooled;
  void *dx;
  uint32_t channels, positions, plane;
  float scale;
};
void pool_gradient_f32(const struct pool_gradient *pool, uint32_t core, uint32_t team);
void pool_gradient_f16(const struct pool_gradient *pool, uint32_t core, uint32_t team);
void pool_gradient_bf16(const struct pool_gradient *pool, uint32_t core, uint32_t team);

/* d = softmax(logits) - onehot(label), and the loss - log softmax(logits)[label]. In binary32 for both element types, with
 * one rounding for each operation of head_typed.h. For one worker. */
void cross_entropy_f32(const float *logits, float *d, uint32_t classes, uint32_t label, float *loss);
void cross_entropy_f16(const f16 *logits, f16 *d, uint32_t classes, uint32_t label, f16 *loss);
void cross_entropy_bf16(const bf16 *logits, bf16 *d, uint32_t classes, uint32_t label, bf16 *loss);

#endif
