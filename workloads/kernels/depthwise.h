/* Depthwise convolution, 3x3, stride 1, padding 1: each channel alone. Shared by a team, channel by channel; none ends
 * with a barrier.
 *
 * An output is one chain of fused multiply-adds over the taps from `start`; a weight gradient is one chain over the
 * positions. Both take zeros beyond the edges as factors like any other. */
#ifndef ENNEAD_DEPTHWISE_H
#define ENNEAD_DEPTHWISE_H

#include "ennead.h"

enum { DEPTHWISE_LD = 10 }; /* elements from one channel's weights to the next */

/* Elements of the work space that a worker needs. */
#define DEPTHWISE_SPACE(height, width) (((height) + 2) * ((width) + 2) + 1)

struct depthwise {
  const void *x;       /* channels planes of height x width, `plane` elements apart */
  void *y;             /* the same; elements of a plane after height x width are cleared */
  const void *weights; /* channels x DEPTHWISE_LD */
  const void *bias;    /* channels, or NULL for zero */
  const void *mask;    /* planes like y: y becomes zero where they are not above zero; or NULL */
  void *space;         /* DEPTHWISE_SPACE elements for each worker of the team */
  uint32_t channels, height, width, plane;
  uint32_t relu;
  uint32_t reverse;    /* take the taps in reverse order: the input gradient */
};
void depthwise_f32(const struct depthwise *job, uint32_t core, uint32_t team);
void depthwise_f16(const struct depthwise *job, uint32_t core, uint32_t team);
void depthwise_bf16(const struct depthwise *job, uint32_t core, uint32_t team);

/* dw[channels x DEPTHWISE_LD] and db[channels] from x and dy. */
struct depthwise_gradient {
  const void *x, *dy;
  void *dw, *db;
  void *space;
  uint32_t channels, height, width, plane;
};
void depthwise_gradient_f32(const struct depthwise_gradient *job, uint32_t core, uint32_t team);
void depthwise_gradient_f16(const struct depthwise_gradient *job, uint32_t core, uint32_t team);
void depthwise_gradient_bf16(const struct depthwise_gradient *job, uint32_t core, uint32_t team);

#endif
