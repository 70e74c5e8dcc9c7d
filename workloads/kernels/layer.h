/* What a layer needs around its product: epilogues, sums for the bias, changes of layout. Shared by a team; none ends
 * with a barrier. Operands begin on words. */
#ifndef ENNEAD_LAYER_H
#define ENNEAD_LAYER_H

#include "ennead.h"

/* y = y + addend (if there is one), then ReLU if `relu`; then zero where `mask` (if there is one) is not above zero. */
struct epilogue {
  void *y;
  const void *addend, *mask;
  uint32_t relu;
  uint32_t words;
};
void epilogue_f32(const struct epilogue *epilogue, uint32_t core, uint32_t team);
void epilogue_f16(const struct epilogue *epilogue, uint32_t core, uint32_t team);
void epilogue_bf16(const struct epilogue *epilogue, uint32_t core, uint32_t team);

/* sums[row] += each word of row `row` of dy, lane by lane; rows are `ld` words apart. */
void row_sums_f32(uint32_t *sums, const uint32_t *dy, uint32_t ld, uint32_t rows, uint32_t words, uint32_t core,
                  uint32_t team);
void row_sums_f16(uint32_t *sums, const uint32_t *dy, uint32_t ld, uint32_t rows, uint32_t words, uint32_t core,
                  uint32_t team);
void row_sums_bf16(uint32_t *sums, const uint32_t *dy, uint32_t ld, uint32_t rows, uint32_t words, uint32_t core,
                  uint32_t team);

/* From weights [cout x (cin taps)] to [cin x (cout count)]: of each kernel the `count` taps tap, tap - steps[0], ... in that
 * order. The matrix of an input gradient has all taps in reverse order; where the stride is 2, one for each residue of
 * the position has those that meet it. */
struct reverse {
  const void *from;
  void *to;
  uint32_t cout, cin, taps;
  uint32_t ld_from, ld_to;
  uint32_t lines, line_taps;          /* count = lines * line_taps */
  uint32_t last, line_step, tap_step; /* the first tap taken, and how far back the next line and the next tap are */
};
void reverse_taps_f32(const struct reverse *reverse, uint32_t core, uint32_t team);
void reverse_taps_f16(const struct reverse *reverse, uint32_t core, uint32_t team);
void reverse_taps_bf16(const struct reverse *reverse, uint32_t core, uint32_t team);

/* Planes of height x width from four phases of half the height and width: element (2 i + p, 2 j + q) is element (i, j) of
 * phase 2 p + q; a phase that is NULL is zero. */
struct interleave {
  const void *phase[4];
  void *to;
  uint32_t channels, height, width; /* of the result */
};
void interleave_f32(const struct interleave *interleave, uint32_t core, uint32_t team);
void interleave_f16(const struct interleave *interleave, uint32_t core, uint32_t team);
void interleave_bf16(const struct interleave *interleave, uint32_t core, uint32_t team);

#endif
