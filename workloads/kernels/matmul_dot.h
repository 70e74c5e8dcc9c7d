/* Matrix multiply by rows, C += A B^T, shared by a team: where both operands lie along the sum. */
#ifndef ENNEAD_MATMUL_DOT_H
#define ENNEAD_MATMUL_DOT_H

#include "ennead.h"

/* Row-major operands; lda and ldb are elements and whole words, rows begin on words. In FP16, k is even. */
struct matmul_dot {
  const void *a;   /* n x k */
  const void *b;   /* m x k */
  uint32_t *sums;  /* n x m words, to be zero before the first call; FP16: sums of even and of odd elements */
  uint32_t lda, ldb;
  uint32_t n, m, k;
  uint32_t rows;   /* the most rows of a register tile: 4, 2 or 1; 0 is 4 */
};

/* The share of worker `core` of `team`; all of the team have to call it. Ends without a barrier. */
void matmul_dot_f32(const struct matmul_dot *mm, uint32_t core, uint32_t team);
void matmul_dot_f16(const struct matmul_dot *mm, uint32_t core, uint32_t team);
void matmul_dot_bf16(const struct matmul_dot *mm, uint32_t core, uint32_t team);

/* Turns `count` sums into elements: adds the two lanes (FP16), or copies (FP32); and adds `start`, if there is one.
 * `to` and `sums` do not overlap. */
void finish_sums_f32(float *to, const uint32_t *sums, const float *start, uint32_t count, uint32_t core, uint32_t team);
void finish_sums_f16(f16 *to, const uint32_t *sums, const f16 *start, uint32_t count, uint32_t core, uint32_t team);
void finish_sums_bf16(bf16 *to, const uint32_t *sums, const bf16 *start, uint32_t count, uint32_t core, uint32_t team);

#endif
