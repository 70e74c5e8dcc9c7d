/* Register tiles of C += A B: R rows by 4 words of columns (4 in FP32, 8 in FP16), K steps, one hardware loop.
 *
 * Each accumulator is one chain of fused multiply-adds in the order of k, begun from `init`, in both targets, both
 * precisions and every R: results do not depend on the tile that computed them. */
#ifndef ENNEAD_TILES_H
#define ENNEAD_TILES_H

#include <stdint.h>

struct mm_tiles {
  const void *a;     /* first of R rows; elements of a row are adjacent */
  uint32_t a_step;   /* bytes from one of the R rows to the next */
  const void *b;     /* row k = 0, first column of the first tile; word-aligned */
  uint32_t b_step;   /* bytes from row k to row k + 1 */
  void *c;           /* first row, first column; word-aligned */
  uint32_t c_step;   /* bytes from one of the R rows to the next */
  uint32_t k;        /* steps, at least 1 */
  uint32_t tiles;    /* adjacent tiles to compute, at least 1 */
  uint32_t init[4];  /* what the accumulators of each row start from (FP16: the value twice) */
};

/* The structure is used up: its pointers and counts are undefined afterwards. */
void mm_tiles_4_f32(struct mm_tiles *tiles);
void mm_tiles_2_f32(struct mm_tiles *tiles);
void mm_tiles_1_f32(struct mm_tiles *tiles);
void mm_tiles_4_f16(struct mm_tiles *tiles);
void mm_tiles_4_bf16(struct mm_tiles *tiles);
void mm_tiles_2_f16(struct mm_tiles *tiles);
void mm_tiles_2_bf16(struct mm_tiles *tiles);
void mm_tiles_1_f16(struct mm_tiles *tiles);
void mm_tiles_1_bf16(struct mm_tiles *tiles);

#endif
