/* Conv2D forward, Y = W * X + bias, CHW, with stride and padding. X, W and bias are brought to L1 once; each band of
 * output rows is one im2col and one matrix multiply, and its result goes back while the next is worked on.
 *
 * Built for one element type: REAL, matmul_kernel and im2col_kernel come from the command line. */
#include "im2col.h"
#include "matmul.h"
#include "program.h"
#include "shapes.h"

enum { REGION_DMA_IN = 1, REGION_IM2COL, REGION_COMPUTE, REGION_DMA_OUT };
ENNEAD_REGION(1, "dma-in");
ENNEAD_REGION(2, "im2col");
ENNEAD_REGION(3, "compute");
ENNEAD_REGION(4, "dma-out");

#include "conv2d.h"

/* Output rows at a time: few on `pulp`, so that the program fits into 64 KiB of L1. */
#ifdef __riscv_flen
#define BAND_WORDS 4
#else
#define BAND_WORDS 1
#endif

enum {
  LDX = LINE(W, PADDING),
  BAND = BAND_WORDS * WORD,
  BANDS = (HO + BAND - 1) / BAND,
  LDB = ROW_LENGTH(BAND *WO),
};

/* Inputs, made by golden/generate.py; rows of the weights are padded to LDW elements. */
extern const REAL ennead_x[CIN * H * W];
extern const REAL ennead_weights[COUT * LDW];
extern const REAL ennead_bias[COUT];
REAL ennead_output[COUT * HO * WO] __attribute__((aligned(16)));

static REAL x[CIN * H * LDX + MARGIN(PADDING)] ENNEAD_L1;
static REAL weights[COUT * LDW] ENNEAD_L1;
static REAL bias[COUT] ENNEAD_L1;
static REAL columns[POINTWISE ? 1 : K * LDB] ENNEAD_L1;
static REAL y[2][COUT * BAND * WO] ENNEAD_L1;

#include "inputs.h"

void ennead_team_main(uint32_t core, uint32_t team) {
  ENNEAD_BEGIN(REGION_DMA_IN);
  ennead_transfer late = 0, out[2];
  if (core == 0) {
    const ennead_transfer image = ennead_dma_spread(DMA_IN, x + MARGIN(PADDING), ennead_x, sizeof(ennead_x),
                                                    W * sizeof(REAL), LDX * sizeof(REAL));
    const ennead_transfer offsets = ennead_dma(DMA_IN, bias, ennead_bias, sizeof(bias));
    late = ennead_dma(DMA_IN, weights, ennead_weights, sizeof(weights));
    ennead_dma_wait(image);
    ennead_dma_wait(offsets);
  }
  ennead_barrier();
  ENNEAD_END(REGION_DMA_IN);

  for (uint32_t band = 0; band < BANDS; band++) {
    const uint32_t row = band * BAND;
    const uint32_t rows = HO - row < BAND ? HO - row : BAND;

    ENNEAD_BEGIN(REGION_IM2COL);
    const struct im2col gather = {
        .x = x + MARGIN(PADDING),
        .columns = columns,
        .channels = CIN,
        .height = H,
        .width = W,
        .kernel = KERNEL,
        .stride = STRIDE,
        .padding = PADDING,
        .spread = 1,
        .out_row = row,
        .out_rows = rows,
        .out_width = WO,
        .ld = LDB,
        .ld_x = LDX,
        .margin = MARGIN(PADDING),
    };
    if (!POINTWISE) {
      im2col_kernel(&gather, core, team);
    }
    if (core == 0 && band == 0) {
      ennead_dma_wait(late);
    }
    ennead_barrier();
    ENNEAD_END(REGION_IM2COL);

    ENNEAD_BEGIN(REGION_COMPUTE);
    const struct matmul mm = {
        .a = weights,
        .b = POINTWISE ? x + row * WO : columns,
        .c = y[band % 2],
        .bias = bias,
        .lda = LDW,
        .ldb = POINTWISE ? H * W : LDB,
        .ldc = rows * WO,
        .n = COUT,
        .m = rows * WO,
        .k = K,
    };
    matmul_kernel(&mm, core, team);
    ennead_barrier();
    ENNEAD_END(REGION_COMPUTE);

    ENNEAD_BEGIN(REGION_DMA_OUT);
    if (core == 0) {
      out[band % 2] = ennead_dma_rows(DMA_OUT, y[band % 2], ennead_output + row * WO, COUT * rows * WO * sizeof(REAL),
                                      rows * WO * sizeof(REAL), HO * WO * sizeof(REAL));
      if (band > 0) {
        ennead_dma_wait(out[(band - 1) % 2]);
      }
      if (band + 1 == BANDS) {
        ennead_dma_wait(out[band % 2]);
      }
    }
    ENNEAD_END(REGION_DMA_OUT);
  }
}
