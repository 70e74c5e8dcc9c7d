/* Convolution as a matrix multiply: each row of the matrix is one (channel, kernel row, kernel column), each column
 * one output position, so that Y[Cout x Ho Wo] = W[Cout x Cin Hk Wk] im2col(X). The input gradient of a convolution with
 * stride s is such a product too, over dY with s - 1 zeros between its elements. */
#ifndef ENNEAD_IM2COL_H
#define ENNEAD_IM2COL_H

#include "ennead.h"

struct im2col {
  const void *x;                        /* channels x height x width, lines ld_x elements apart */
  void *columns;                        /* (channels kernel kernel) x (out_rows out_width), rows `ld` elements apart */
  uint32_t channels, height, width;
  uint32_t kernel, stride, padding;
  uint32_t spread;                      /* 1, or how far apart elements of x lie in an x with zeros between them */
  uint32_t out_row, out_rows, out_width; /* the band of output rows to make columns for */
  uint32_t ld;
  uint32_t ld_x;
  uint32_t margin;                      /* elements before and after each line of x that are known to be zero */
};

/* The share of worker `core` of `team`. Ends without a barrier. */
void im2col_f32(const struct im2col *job, uint32_t core, uint32_t team);
void im2col_f16(const struct im2col *job, uint32_t core, uint32_t team);

#endif
