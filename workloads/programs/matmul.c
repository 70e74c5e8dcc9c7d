/* C = A B with A, B and C in L2: blocks are brought to L1, multiplied by the team, and taken back. Blocks are
 * double-buffered, so that the DMA works while the team computes.
 *
 * Built for one element type: REAL, matmul_kernel and matmul_naive_kernel come from the command line. */
#include "matmul.h"
#include "program.h"
#include "shapes.h"

ENNEAD_SIZE(MATMUL_N);
ENNEAD_SIZE(MATMUL_M);
ENNEAD_SIZE(MATMUL_K);

enum { REGION_DMA_IN = 1, REGION_COMPUTE, REGION_DMA_OUT };
ENNEAD_REGION(1, "dma-in");
ENNEAD_REGION(2, "compute");
ENNEAD_REGION(3, "dma-out");

enum {
  N = MATMUL_N,
  M = MATMUL_M,
  K = MATMUL_K,
  LDA = MATMUL_LDA,
  ROWS = 32,
  COLUMNS = 48,
  ROW_BLOCKS = (N + ROWS - 1) / ROWS,
  BLOCKS = ROW_BLOCKS * ((M + COLUMNS - 1) / COLUMNS),
#if !defined(__riscv_flen) && ENNEAD_BITS == 32
  B_BUFFERS = 1, /* so that the program fits into 64 KiB of L1 */
#else
  B_BUFFERS = 2,
#endif
};

/* Inputs, made by golden/generate.py; rows of A are padded to LDA elements. */
extern const REAL ennead_a[N * LDA];
extern const REAL ennead_b[K * M];
REAL ennead_output[N * M] __attribute__((aligned(16)));

/* 0: register tiles of 4 rows; 1: the plain loop; 2 and 3: register tiles of 2 rows and of 1 row. */
__attribute__((section(".data"))) volatile uint32_t ennead_kernel = 0;

static REAL a[2][ROWS * LDA] ENNEAD_L1;
static REAL b[B_BUFFERS][K * COLUMNS] ENNEAD_L1;
static REAL c[2][ROWS * COLUMNS] ENNEAD_L1;

struct block {
  uint32_t row, rows, column, columns;
};

static struct block block_of(uint32_t index) {
  struct block block;
  block.row = index % ROW_BLOCKS * ROWS;
  block.column = index / ROW_BLOCKS * COLUMNS;
  block.rows = N - block.row < ROWS ? N - block.row : ROWS;
  block.columns = M - block.column < COLUMNS ? M - block.column : COLUMNS;
  return block;
}

static ennead_transfer fetch_rows(uint32_t index) {
  const struct block block = block_of(index);
  return ennead_dma(DMA_IN, a[index % 2], ennead_a + block.row * LDA, block.rows * LDA * sizeof(REAL));
}

static REAL *columns_of(uint32_t index) { return b[index / ROW_BLOCKS % B_BUFFERS]; }

static ennead_transfer fetch_columns(uint32_t index) {
  const struct block block = block_of(index);
  return ennead_dma_rows(DMA_IN, columns_of(index), ennead_b + block.column, K * block.columns * sizeof(REAL),
                         block.columns * sizeof(REAL), M * sizeof(REAL));
}

static ennead_transfer write_back(uint32_t index) {
  const struct block block = block_of(index);
  return ennead_dma_rows(DMA_OUT, c[index % 2], ennead_output + block.row * M + block.column,
                         block.rows * block.columns * sizeof(REAL), block.columns * sizeof(REAL), M * sizeof(REAL));
}

#include "inputs.h"

void ennead_team_main(uint32_t core, uint32_t team) {
  const uint32_t kernel = ennead_kernel;
  ennead_transfer rows_in = 0, columns_in = 0, out[2];
  if (core == 0) {
    columns_in = fetch_columns(0);
    rows_in = fetch_rows(0);
  }
  for (uint32_t index = 0; index < BLOCKS; index++) {
    const struct block block = block_of(index);
    ENNEAD_BEGIN(REGION_DMA_IN);
    if (core == 0) {
      if (block.row == 0) {
        if (B_BUFFERS == 1 && index > 0) {
          columns_in = fetch_columns(index);
        }
        ennead_dma_wait(columns_in);
      }
      ennead_dma_wait(rows_in);
      if (index + 1 < BLOCKS) {
        rows_in = fetch_rows(index + 1);
        if (B_BUFFERS > 1 && (index + 1) % ROW_BLOCKS == 0) {
          columns_in = fetch_columns(index + 1);
        }
      }
    }
    ennead_barrier();
    ENNEAD_END(REGION_DMA_IN);

    ENNEAD_BEGIN(REGION_COMPUTE);
    const struct matmul mm = {
        .a = a[index % 2],
        .b = columns_of(index),
        .c = c[index % 2],
        .lda = LDA,
        .ldb = block.columns,
        .ldc = block.columns,
        .n = block.rows,
        .m = block.columns,
        .k = K,
        .rows = kernel == 2 ? 2 : kernel == 3 ? 1 : 4,
    };
    if (kernel == 1) {
      matmul_naive_kernel(&mm, core, team);
    } else {
      matmul_kernel(&mm, core, team);
    }
    ennead_barrier();
    ENNEAD_END(REGION_COMPUTE);

    ENNEAD_BEGIN(REGION_DMA_OUT);
    if (core == 0) {
      out[index % 2] = write_back(index);
      if (index > 0) {
        ennead_dma_wait(out[(index - 1) % 2]);
      }
      if (index + 1 == BLOCKS) {
        ennead_dma_wait(out[index % 2]);
      }
    }
    ENNEAD_END(REGION_DMA_OUT);
  }
}
