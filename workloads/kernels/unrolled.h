/* Matrix multiply C = A B in the unrollings of the field: R rows by S columns of C at a time, one step of k, or in packed
 * formats two. matmul.h is the one that the layers use; these are for comparison.
 *
 * Tiles of one element of A and of B a step ("chain") sum in the order of k from zero. Packed tiles have a sum of the even
 * and one of the odd elements (an odd last element belongs to the even ones), which are added at the end. So results depend
 * on the form, not on R and S, the split, or the team. */
#ifndef ENNEAD_UNROLLED_H
#define ENNEAD_UNROLLED_H

#include "ennead.h"

struct unrolled_tile {
  const void *a;    /* first of R rows */
  uint32_t a_step;  /* bytes between rows */
  const void *b;    /* first element of the tile's columns; transposed: the first of S columns */
  uint32_t b_step;  /* bytes between rows of B; transposed: between its columns */
  uint32_t b_next;  /* bytes to the next tile's */
  void *c;          /* first element; packed: a word of two sums for each element */
  uint32_t c_step;  /* bytes between rows */
  uint32_t c_next;  /* bytes to the next tile's */
  uint32_t steps;   /* of k; packed: pairs; at least 1 */
  uint32_t tiles;   /* at least 1 */
};

typedef void unrolled_tiles(struct unrolled_tile *tile);

/* A tile and its shape. */
struct unrolling {
  unrolled_tiles *tile;
  uint32_t rows, columns;
  uint32_t transposed; /* B is given as B^T */
};

struct unrolled {
  const void *a;  /* n x k; rows begin on words where packed */
  const void *b;  /* k x m, or transposed m x k */
  void *c;        /* n x m */
  uint32_t *sums; /* packed: n x m words of work space */
  uint32_t lda, ldb, ldc;
  uint32_t n, m, k;
  uint32_t by_columns; /* split over the team: 0 by rows of C, 1 by columns */
};

/* The share of worker `core` of `team`. Ends without a barrier. */
void matmul_unrolled_f32(const struct unrolled *mm, uint32_t number, uint32_t core, uint32_t team);
void matmul_unrolled_f16(const struct unrolled *mm, uint32_t number, uint32_t core, uint32_t team);
void matmul_unrolled_bf16(const struct unrolled *mm, uint32_t number, uint32_t core, uint32_t team);
void matmul_packed_f16(const struct unrolled *mm, uint32_t number, uint32_t core, uint32_t team);
void matmul_packed_bf16(const struct unrolled *mm, uint32_t number, uint32_t core, uint32_t team);

/* Numbers of the chain forms: 1x1, 1x2, 1x4, 1x8, 2x1, 4x1, 8x1, 2x2, 2x4, 4x2, 4x4; of the packed ones: 2x4 and 1x2 with
 * B transposed, then with B as it is (in the field's names, after their outputs times steps: 4x8 and 2x4). */
enum { UNROLLED_CHAINS = 11, UNROLLED_PACKED = 4 };

#define UNROLLED_TILES(type)                                                                                   \
  unrolled_tiles unrolled_1x1_##type, unrolled_1x2_##type, unrolled_1x4_##type, unrolled_1x8_##type,           \
      unrolled_2x1_##type, unrolled_4x1_##type, unrolled_8x1_##type, unrolled_2x2_##type, unrolled_2x4_##type, \
      unrolled_4x2_##type, unrolled_4x4_##type
#define UNROLLED_PACKED_TILES(type)                                                                            \
  unrolled_tiles unrolled_pairs_1x2_##type, unrolled_pairs_2x4_##type, unrolled_shuffle_1x2_##type,            \
      unrolled_shuffle_2x4_##type
UNROLLED_TILES(f32);
UNROLLED_TILES(f16);
UNROLLED_TILES(bf16);
UNROLLED_PACKED_TILES(f16);
UNROLLED_PACKED_TILES(bf16);

#endif
