/* Matrix multiply C = A B (+ bias per row), shared by a team. */
#ifndef ENNEAD_MATMUL_H
#define ENNEAD_MATMUL_H

#include "ennead.h"

/* Row-major operands; `ld*` are elements from one row to the next. B and C are word-aligned, ldb and ldc whole
 * words. Any n, m, k of at least 1. */
struct matmul {
  const void *a;     /* n x k */
  const void *b;     /* k x m */
  void *c;           /* n x m */
  const void *bias;  /* n elements that the sums begin from, or NULL for zero */
  uint32_t lda, ldb, ldc;
  uint32_t n, m, k;
  uint32_t rows;     /* the most rows of a register tile: 4, 2 or 1; 0 is 4 */
};

/* The share of worker `core` of `team`; all of the team have to call it. Ends without a barrier. */
void matmul_f32(const struct matmul *mm, uint32_t core, uint32_t team);
void matmul_f16(const struct matmul *mm, uint32_t core, uint32_t team);
void matmul_bf16(const struct matmul *mm, uint32_t core, uint32_t team);

/* The same, one element of C at a time and nothing unrolled: what a plain loop costs. */
void matmul_naive_f32(const struct matmul *mm, uint32_t core, uint32_t team);
void matmul_naive_f16(const struct matmul *mm, uint32_t core, uint32_t team);
void matmul_naive_bf16(const struct matmul *mm, uint32_t core, uint32_t team);

#endif
