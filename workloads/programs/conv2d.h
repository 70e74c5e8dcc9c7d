/* Sizes that the steps of the Conv2D program share, from shapes.h. */
#ifndef ENNEAD_CONV2D_H
#define ENNEAD_CONV2D_H

#include "program.h"

ENNEAD_SIZE(CONV_CIN);
ENNEAD_SIZE(CONV_COUT);
ENNEAD_SIZE(CONV_H);
ENNEAD_SIZE(CONV_W);
ENNEAD_SIZE(CONV_KERNEL);
ENNEAD_SIZE(CONV_STRIDE);
_Static_assert(CONV_PADDING < CONV_KERNEL, "padding beyond the kernel");
_Static_assert(CONV_H + 2 * CONV_PADDING >= CONV_KERNEL, "the kernel is higher than the image with its padding");
_Static_assert(CONV_W + 2 * CONV_PADDING >= CONV_KERNEL, "the kernel is wider than the image with its padding");

enum {
  CIN = CONV_CIN,
  COUT = CONV_COUT,
  H = CONV_H,
  W = CONV_W,
  KERNEL = CONV_KERNEL,
  STRIDE = CONV_STRIDE,
  PADDING = CONV_PADDING,
  TAPS = KERNEL * KERNEL,
  K = CIN * TAPS,
  LDW = CONV_LDW, /* elements from one row of weights to the next in L2 */
  LDY = CONV_LDY, /* elements from one channel of dY to the next in L2 */
  HO = (H + 2 * PADDING - KERNEL) / STRIDE + 1,
  WO = (W + 2 * PADDING - KERNEL) / STRIDE + 1,
  WORD = 4 / sizeof(REAL),
  /* A kernel of one tap: the image itself is the matrix. */
  POINTWISE = TAPS == 1 && STRIDE == 1 && PADDING == 0,
};

/* An image in L1 has zeros before its first line, between lines and after its last, so that a step finds up to `zeros`
 * positions beside a line there. Lines begin on words and are LINE elements apart. */
#define MARGIN(zeros) (((zeros) + WORD - 1) / WORD * WORD)
#define LINE(width, zeros) ((width) + MARGIN(zeros))

/* The row length for `elements`: twice an odd number of words, so that eight neighbouring rows begin in eight banks. */
#define ROW_LENGTH(elements) ((((elements) + WORD - 1) / WORD + 1) / 4 * 4 + 2) * WORD

_Static_assert(WO % WORD == 0, "a row of the output has to be a whole number of words");

#endif
