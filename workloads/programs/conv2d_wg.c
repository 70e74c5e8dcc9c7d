/* Conv2D weight gradient: dW[cout x K] = dY[cout x HoWo] im2col(X)[K x HoWo]^T. dY and X are brought to L1 once; the sums
 * over bands of output rows stay in L1 until all are done.
 *
 * Built for one element type: REAL and the kernels' names come from the command line. */
#include "im2col.h"
#include "layout.h"
#include "matmul_dot.h"
#include "program.h"
#include "shapes.h"

enum { REGION_DMA_IN = 1, REGION_IM2COL, REGION_COMPUTE, REGION_DMA_OUT };
ENNEAD_REGION(1, "dma-in");
ENNEAD_REGION(2, "im2col");
ENNEAD_REGION(3, "compute");
ENNEAD_REGION(4, "dma-out");

#include "conv2d.h"

enum {
  LDX = LINE(W, PADDING),
  BAND = POINTWISE ? HO : 4 * WORD,
  BANDS = (HO + BAND - 1) / BAND,
  LDB = ROW_LENGTH(BAND *WO),
};

extern const REAL ennead_x[CIN * H * W];
extern const REAL ennead_dy[COUT * LDY];
REAL ennead_output[COUT * K] __attribute__((aligned(16)));

static REAL x[CIN * H * LDX + MARGIN(PADDING)] ENNEAD_L1;
static REAL dy[COUT * LDY] ENNEAD_L1;
static REAL columns[POINTWISE ? COUT * K : K * LDB] ENNEAD_L1;
static uint32_t sums[COUT * K] ENNEAD_L1;
/* The columns are not needed any more when the sums are turned into the gradient. */
static REAL *const dw = columns;

_Static_assert(POINTWISE || LDB >= COUT, "the gradient has to fit where the columns were");

#include "inputs.h"

void ennead_team_main(uint32_t core, uint32_t team) {
  ENNEAD_BEGIN(REGION_DMA_IN);
  ennead_transfer late = 0;
  if (core == 0) {
    const ennead_transfer image = ennead_dma_spread(DMA_IN, x + MARGIN(PADDING), ennead_x, sizeof(ennead_x),
                                                    W * sizeof(REAL), LDX * sizeof(REAL));
    late = ennead_dma(DMA_IN, dy, ennead_dy, sizeof(dy));
    ennead_dma_wait(image);
  }
  clear_words(sums, COUT * K, core, team);
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
    const struct matmul_dot mm = {
        .a = dy + row * WO,
        .b = POINTWISE ? x + row * WO : columns,
        .sums = sums,
        .lda = LDY,
        .ldb = POINTWISE ? H * W : LDB,
        .n = COUT,
        .m = K,
        .k = rows * WO,
    };
    matmul_dot_kernel(&mm, core, team);
    ennead_barrier();
    ENNEAD_END(REGION_COMPUTE);
  }

  ENNEAD_BEGIN(REGION_DMA_OUT);
  finish_sums_kernel(dw, sums, NULL, COUT * K, core, team);
  ennead_barrier();
  if (core == 0) {
    ennead_dma_wait(ennead_dma(DMA_OUT, dw, ennead_output, sizeof(ennead_output)));
  }
  ENNEAD_END(REGION_DMA_OUT);
}
