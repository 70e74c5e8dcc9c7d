/* The matrix of a convolution, from a band of lines: each row is one (channel, kernel line, kernel column), each column
 * one output position, so that Y[Cout x positions] = W[Cout x rows] columns. Unlike im2col.h the image has no zeros
 * beside its lines: whole bands are copied as one run, and the elements beyond an edge are cleared afterwards. */
#ifndef ENNEAD_COLUMNS_H
#define ENNEAD_COLUMNS_H

#include "ennead.h"

struct columns {
  const void *x;                 /* channel 0 of the band; at least a word before it and after its end may be read */
  void *columns;                 /* `rows` rows, `ld` elements apart; rows begin on words */
  uint32_t channels, height, width;  /* the whole image */
  uint32_t plane;                /* elements from one channel of the band to the next */
  int32_t first_line;            /* the image's line that the band begins with */
  uint32_t kernel_h, kernel_w, stride;
  int32_t pad_y, pad_x;
  uint32_t out_row, out_rows, out_width;
  uint32_t tail;                 /* elements to clear after the positions of each row */
  uint32_t rows;                 /* channels kernel_h kernel_w, or more: rows beyond are cleared */
  uint32_t ld;
};

/* The share of worker `core` of `team`. Ends without a barrier. */
void columns_f32(const struct columns *job, uint32_t core, uint32_t team);
void columns_f16(const struct columns *job, uint32_t core, uint32_t team);

#endif
