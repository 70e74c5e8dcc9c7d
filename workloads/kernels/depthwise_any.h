/* Depthwise convolution of any kernel, stride and padding below the kernel: each channel alone. Shared by a team, channel
 * by channel; none ends with a barrier. depthwise.h is the fast one for 3x3 with stride 1.
 *
 * An output is one chain of fused multiply-adds over the taps from its bias; an input's gradient one over the taps that
 * meet it, last first, and a weight's one over the positions. Zeros beyond the edges are factors like any other. */
#ifndef ENNEAD_DEPTHWISE_ANY_H
#define ENNEAD_DEPTHWISE_ANY_H

#include "ennead.h"

/* Elements of the work space that a worker needs for planes of at most height x width. */
#define DEPTHWISE_ANY_SPACE(height, width, kernel)                                                             \
  (((height) + 2 * ((kernel) - 1)) * ((width) + 2 * ((kernel) - 1)) + 1)

struct depthwise_any {
  const void *x;       /* channels x height x width; backward of the input: not used */
  const void *dy;      /* channels x out_height x out_width; forward: not used */
  const void *weights; /* channels x kernel x kernel; weight gradient: not used */
  const void *bias;    /* forward: channels */
  void *result;        /* y, dx or dw */
  void *bias_gradient; /* weight gradient: channels */
  void *space;         /* DEPTHWISE_ANY_SPACE elements for each worker, for the larger of the two planes */
  uint32_t channels, height, width, out_height, out_width;
  uint32_t kernel, stride, padding;
  uint32_t space_elements;
};
void depthwise_any_f32(const struct depthwise_any *job, uint32_t core, uint32_t team);
void depthwise_any_f16(const struct depthwise_any *job, uint32_t core, uint32_t team);
void depthwise_any_bf16(const struct depthwise_any *job, uint32_t core, uint32_t team);
void depthwise_any_input_f32(const struct depthwise_any *job, uint32_t core, uint32_t team);
void depthwise_any_input_f16(const struct depthwise_any *job, uint32_t core, uint32_t team);
void depthwise_any_input_bf16(const struct depthwise_any *job, uint32_t core, uint32_t team);
void depthwise_any_weights_f32(const struct depthwise_any *job, uint32_t core, uint32_t team);
void depthwise_any_weights_f16(const struct depthwise_any *job, uint32_t core, uint32_t team);
void depthwise_any_weights_bf16(const struct depthwise_any *job, uint32_t core, uint32_t team);

#endif
