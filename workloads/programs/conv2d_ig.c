/* Conv2D input gradient: dX[cin x H W] = Wf[cin x (cout taps)] im2col(dY), where Wf holds each kernel with its taps in
 * reverse order, and dY has stride - 1 zeros between its elements. dY and the weights are brought to L1 once; dX goes
 * back by bands of rows.
 *
 * Built for one element type: REAL and the kernels' names come from the command line. */
#include "im2col.h"
#include "layout.h"
#include "matmul.h"
#include "program.h"
#include "shapes.h"

enum { REGION_DMA_IN = 1, REGION_FLIP, REGION_IM2COL, REGION_COMPUTE, REGION_DMA_OUT };
ENNEAD_REGION(1, "dma-in");
ENNEAD_REGION(2, "flip");
ENNEAD_REGION(3, "im2col");
ENNEAD_REGION(4, "compute");
ENNEAD_REGION(5, "dma-out");

#include "conv2d.h"

enum {
  ZEROS = KERNEL - 1 - PADDING,
  LDX = LINE(WO, ZEROS),
  DEPTH = COUT * TAPS,
  LDF = ROW_LENGTH(DEPTH),
  BAND = 2 * WORD,
  BANDS = (H + BAND - 1) / BAND,
  LDB = ROW_LENGTH(BAND *W),
};

_Static_assert(PADDING < KERNEL, "padding beyond the kernel");
_Static_assert(W % WORD == 0, "a row of the input has to be a whole number of words");

extern const REAL ennead_dy[COUT * HO * WO];
extern const REAL ennead_weights[COUT * LDW];
REAL ennead_output[CIN * H * W] __attribute__((aligned(16)));

static REAL dy[COUT * HO * LDX + MARGIN(ZEROS)] ENNEAD_L1;
static REAL weights[COUT * LDW] ENNEAD_L1;
static REAL flipped[CIN * LDF] ENNEAD_L1;
static REAL columns[POINTWISE ? 1 : DEPTH * LDB] ENNEAD_L1;
static REAL dx[2][CIN * BAND * W] ENNEAD_L1;

#include "inputs.h"

void ennead_team_main(uint32_t core, uint32_t team) {
  ENNEAD_BEGIN(REGION_DMA_IN);
  ennead_transfer late = 0, out[2];
  if (core == 0) {
    const ennead_transfer matrix = ennead_dma(DMA_IN, weights, ennead_weights, sizeof(weights));
    late = ennead_dma_spread(DMA_IN, dy + MARGIN(ZEROS), ennead_dy, sizeof(ennead_dy), WO * sizeof(REAL),
                             LDX * sizeof(REAL));
    ennead_dma_wait(matrix);
  }
  ennead_barrier();
  ENNEAD_END(REGION_DMA_IN);

  ENNEAD_BEGIN(REGION_FLIP);
  const struct flip flip = {weights, flipped, COUT, CIN, TAPS, LDW, LDF};
  flip_weights_kernel(&flip, core, team);
  if (core == 0) {
    ennead_dma_wait(late);
  }
  ennead_barrier();
  ENNEAD_END(REGION_FLIP);

  for (uint32_t band = 0; band < BANDS; band++) {
    const uint32_t row = band * BAND;
    const uint32_t rows = H - row < BAND ? H - row : BAND;

    ENNEAD_BEGIN(REGION_IM2COL);
    const struct im2col gather = {
        .x = dy + MARGIN(ZEROS),
        .columns = columns,
        .channels = COUT,
        .height = HO,
        .width = WO,
        .kernel = KERNEL,
        .stride = 1,
        .padding = ZEROS,
        .spread = STRIDE,
        .out_row = row,
        .out_rows = rows,
        .out_width = W,
        .ld = LDB,
        .ld_x = LDX,
        .margin = MARGIN(ZEROS),
    };
    if (!POINTWISE) {
      im2col_kernel(&gather, core, team);
    }
    ennead_barrier();
    ENNEAD_END(REGION_IM2COL);

    ENNEAD_BEGIN(REGION_COMPUTE);
    const struct matmul mm = {
        .a = flipped,
        .b = POINTWISE ? dy + row * W : columns,
        .c = dx[band % 2],
        .lda = LDF,
        .ldb = POINTWISE ? HO * WO : LDB,
        .ldc = rows * W,
        .n = CIN,
        .m = rows * W,
        .k = DEPTH,
    };
    matmul_kernel(&mm, core, team);
    ennead_barrier();
    ENNEAD_END(REGION_COMPUTE);

    ENNEAD_BEGIN(REGION_DMA_OUT);
    if (core == 0) {
      out[band % 2] = ennead_dma_rows(DMA_OUT, dx[band % 2], ennead_output + row * W, CIN * rows * W * sizeof(REAL),
                                      rows * W * sizeof(REAL), H * W * sizeof(REAL));
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
