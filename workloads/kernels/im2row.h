/* Convolution of an image in HWC as a matrix multiply: each row of the matrix is one output position, each column one
 * (kernel line, kernel column, channel), so that a line of the kernel is one run of the image, and
 * Y[positions x Cout] = im2row(X) W[Cout x Hk Wk Cin]^T is in HWC again. */
#ifndef ENNEAD_IM2ROW_H
#define ENNEAD_IM2ROW_H

#include "ennead.h"

struct im2row {
  const void *x;             /* height x width x channels */
  void *rows;                /* (out_height out_width) x (kernel_h kernel_w channels), rows `ld` elements apart, on words */
  uint32_t channels, height, width;
  uint32_t kernel_h, kernel_w, stride;
  int32_t pad_y, pad_x;      /* zeros before the first line and column; negative: lines and columns left out */
  uint32_t out_height, out_width;
  uint32_t ld;
};

/* The share of worker `core` of `team`. Ends without a barrier. bfloat16 is moved as binary16 is. */
void im2row_f32(const struct im2row *job, uint32_t core, uint32_t team);
void im2row_f16(const struct im2row *job, uint32_t core, uint32_t team);

/* Weights [cout x (taps cin)] as the matrix of an input gradient in HWC, [(count cout) x cin]: for each of the taps
 * last, last - tap_step, ... (`lines` lines of `line_taps`, line_step apart), the runs of all output channels. */
struct turn {
  const void *from;
  void *to;
  uint32_t cout, cin, taps;
  uint32_t ld_from, ld_to;
  uint32_t lines, line_taps;
  uint32_t last, line_step, tap_step;
};
void turn_weights_f32(const struct turn *turn, uint32_t core, uint32_t team);
void turn_weights_f16(const struct turn *turn, uint32_t core, uint32_t team);

#endif
