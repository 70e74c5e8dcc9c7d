/* Register tiles of C += A B^T: R rows by S columns, K words, one hardware loop.
 *
 * In FP16 the two lanes of a word are two sums, of the even and of the odd elements; C holds both, and matmul_dot.h
 * adds them at the very end. In FP32 a word is an element. Each lane is one chain of fused multiply-adds in the order of
 * k, begun from what C holds, whatever R and S. */
#ifndef ENNEAD_DOTS_H
#define ENNEAD_DOTS_H

#include <stdint.h>

struct mm_dots {
  const void *a;         /* first of R rows, word-aligned */
  uint32_t a_step;       /* bytes from one of the R rows to the next */
  const void *b;         /* first of S rows of the first tile, word-aligned */
  uint32_t b_step;       /* bytes from one of the S rows to the next */
  uint32_t b_next;       /* bytes from one tile's first row to the next tile's */
  uint32_t *c;           /* sums of the first row and column of the first tile */
  uint32_t c_step;       /* bytes from one of the R rows to the next */
  uint32_t c_column;     /* bytes from one of the S columns to the next */
  uint32_t c_next;       /* bytes from one tile's first column to the next tile's */
  uint32_t words;        /* of a row, at least 1 */
  uint32_t tiles;        /* at least 1 */
};

/* The structure is used up. Names: rows, columns, type. */
void mm_dots_4x4_f32(struct mm_dots *dots);
void mm_dots_4x4_f16(struct mm_dots *dots);
void mm_dots_4x4_bf16(struct mm_dots *dots);
void mm_dots_4x1_f32(struct mm_dots *dots);
void mm_dots_4x1_f16(struct mm_dots *dots);
void mm_dots_4x1_bf16(struct mm_dots *dots);
void mm_dots_2x4_f32(struct mm_dots *dots);
void mm_dots_2x4_f16(struct mm_dots *dots);
void mm_dots_2x4_bf16(struct mm_dots *dots);
void mm_dots_2x1_f32(struct mm_dots *dots);
void mm_dots_2x1_f16(struct mm_dots *dots);
void mm_dots_2x1_bf16(struct mm_dots *dots);
void mm_dots_1x4_f32(struct mm_dots *dots);
void mm_dots_1x4_f16(struct mm_dots *dots);
void mm_dots_1x4_bf16(struct mm_dots *dots);
void mm_dots_1x1_f32(struct mm_dots *dots);
void mm_dots_1x1_f16(struct mm_dots *dots);
void mm_dots_1x1_bf16(struct mm_dots *dots);

#endif
