/* Layers, losses and changes of layout that treat channels or elements alone. Shared by a team, channel by channel; none
 * ends with a barrier.
 *
 * Every operation is rounded once to the element type, in the order that the comment gives, except where it says that it
 * computes in binary32. */
#ifndef ENNEAD_PRIMITIVES_H
#define ENNEAD_PRIMITIVES_H

#include "ennead.h"

/* Planes of channels x height x width that touch each other. */
struct primitive {
  const void *x;
  const void *dy;         /* the gradient of the result, or the target of a loss */
  const void *parameters; /* normalisation: scale, then shift, of each channel */
  void *y;                /* the result, or the gradient of x */
  uint32_t channels, height, width;
  float factor;           /* LeakyReLU: the slope below zero; losses: 2 / elements; normalisation: added to the variance */
};

/* Declares a kernel for each element type. */
#define ENNEAD_PRIMITIVE(name)                                                                                 \
  void name##_f32(const struct primitive *job, uint32_t core, uint32_t team);                                  \
  void name##_f16(const struct primitive *job, uint32_t core, uint32_t team);                                  \
  void name##_bf16(const struct primitive *job, uint32_t core, uint32_t team)

/* x where x > 0, else x * factor; backward the same with dy. */
ENNEAD_PRIMITIVE(leaky_relu);
ENNEAD_PRIMITIVE(leaky_relu_backward);

/* 2x2, stride 2; height and width even. Backward the first greatest element takes the gradient. */
ENNEAD_PRIMITIVE(max_pool);
ENNEAD_PRIMITIVE(max_pool_backward);

/* 2x2, stride 2: ((a + b) + (c + d)) / 4; backward dy / 4. */
ENNEAD_PRIMITIVE(average_pool);
ENNEAD_PRIMITIVE(average_pool_backward);

/* Normalisation of each channel over its positions, in training form: instance normalisation, and batch normalisation with
 * batch 1. Statistics and results are computed in binary32 from chains of fused multiply-adds along the plane.
 *   forward:  y = scale (x - mean) / sqrt(variance + factor) + shift
 *   backward: y holds dx, then the gradients of all scales, then those of all shifts. */
ENNEAD_PRIMITIVE(normalise);
ENNEAD_PRIMITIVE(normalise_backward);

/* Mean squared error: y = (x - dy) factor; each channel's sum of squares follows all planes. */
ENNEAD_PRIMITIVE(squared_error);

/* y[position][channel] = x[channel][position]: a matrix transpose, and CHW to HWC. */
ENNEAD_PRIMITIVE(transpose);

/* From binary32 to the element type of the name; cast_f32 from binary16. */
ENNEAD_PRIMITIVE(cast);

#endif
