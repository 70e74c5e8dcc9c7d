/* A convolution as a product of weights and columns (columns.h), tile by tile: what forward steps and input gradients
 * are. */
#ifndef ENNEAD_PRODUCT_H
#define ENNEAD_PRODUCT_H

#include "network.h"

struct product {
  const char *name;
  uint32_t region, step;
  const REAL *x;
  uint32_t channels, height, width, x_plane;
  uint32_t kernel_h, kernel_w, stride;
  int32_t pad_y, pad_x;
  const REAL *weights; /* n x (channels kernel_h kernel_w), rows ld elements apart */
  const REAL *bias;    /* n, or NULL */
  uint32_t n, ld;
  const REAL *addend, *mask; /* like y, or NULL */
  uint32_t relu;
  REAL *y;
  uint32_t out_height, out_width, y_plane;
  struct tiling tiling;
};

void product(const struct worker *worker, const struct product *product);

#endif
