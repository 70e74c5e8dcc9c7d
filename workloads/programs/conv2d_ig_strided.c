/* Conv2D input gradient with a stride of 2, CHW: positions with the same remainders by 2 meet the same taps, so each of the
 * four phases of dX is a convolution of dY with stride 1 and those taps in reverse order. Zeros are not multiplied. At the end
 * the phases are interleaved. dY and the weights are brought to L1 once.
 *
 * Built for one element type: REAL and the kernels' names come from the command line. */
#include "columns.h"
#include "layer.h"
#include "matmul.h"
#include "phases.h"
#include "program.h"
#include "shapes.h"

enum { REGION_DMA_IN = 1, REGION_COLUMNS, REGION_COMPUTE, REGION_DMA_OUT };
ENNEAD_REGION(1, "dma-in");
ENNEAD_REGION(2, "columns");
ENNEAD_REGION(3, "compute");
ENNEAD_REGION(4, "dma-out");

#include "conv2d.h"

_Static_assert(STRIDE == 2 && H % 2 == 0 && W % 2 == 0, "the phases of stride 2 need an even image");
_Static_assert(PADDING < KERNEL && KERNEL > 1, "every phase has to meet a tap");

enum {
  LINES = H / 2,
  WIDTH = W / 2,
  POSITIONS = LINES * WIDTH,
  PHASE_TAPS = (KERNEL + 1) / 2 * ((KERNEL + 1) / 2), /* at most */
  LDF = ROW_LENGTH(COUT *PHASE_TAPS),
  LDB = ROW_LENGTH(POSITIONS),
  GUARD = 4, /* elements before and after dY that may be read */
};

extern const REAL ennead_dy[COUT * HO * WO];
extern const REAL ennead_weights[COUT * LDW];
REAL ennead_output[CIN * H * W] __attribute__((aligned(16)));

static REAL dy[GUARD + COUT * HO * WO + GUARD] ENNEAD_L1;
static REAL weights[COUT * LDW] ENNEAD_L1;
static REAL turned[CIN * LDF] ENNEAD_L1;
static REAL columns[COUT * PHASE_TAPS * LDB] ENNEAD_L1;
static REAL parts[4][CIN * POSITIONS] ENNEAD_L1;
static REAL dx[CIN * H * W] ENNEAD_L1;

static void product(uint32_t phase, uint32_t core, uint32_t team) {
  const struct taps y = taps_of(KERNEL, STRIDE, PADDING, phase / 2), x = taps_of(KERNEL, STRIDE, PADDING, phase % 2);
  ENNEAD_BEGIN(REGION_COLUMNS);
  const struct reverse reverse = {
      .from = weights,
      .to = turned,
      .cout = COUT,
      .cin = CIN,
      .taps = TAPS,
      .ld_from = LDW,
      .ld_to = LDF,
      .lines = y.count,
      .line_taps = x.count,
      .last = y.last * KERNEL + x.last,
      .line_step = STRIDE * KERNEL,
      .tap_step = STRIDE,
  };
  KERNEL(reverse_taps)(&reverse, core, team);
  const struct columns gather = {
      .x = dy + GUARD,
      .columns = columns,
      .channels = COUT,
      .height = HO,
      .width = WO,
      .plane = HO * WO,
      .kernel_h = y.count,
      .kernel_w = x.count,
      .stride = 1,
      .pad_y = y.padding,
      .pad_x = x.padding,
      .out_rows = LINES,
      .out_width = WIDTH,
      .rows = COUT * y.count * x.count,
      .ld = LDB,
  };
  MOVE(columns)(&gather, core, team);
  ennead_barrier();
  ENNEAD_END(REGION_COLUMNS);
  ENNEAD_BEGIN(REGION_COMPUTE);
  const struct matmul mm = {
      .a = turned,
      .b = columns,
      .c = parts[phase],
      .lda = LDF,
      .ldb = LDB,
      .ldc = POSITIONS,
      .n = CIN,
      .m = POSITIONS,
      .k = COUT * y.count * x.count,
  };
  KERNEL(matmul)(&mm, core, team);
  ennead_barrier();
  ENNEAD_END(REGION_COMPUTE);
}

#include "inputs.h"

void ennead_team_main(uint32_t core, uint32_t team) {
  ENNEAD_BEGIN(REGION_DMA_IN);
  if (core == 0) {
    const ennead_transfer matrix = ennead_dma(DMA_IN, weights, ennead_weights, sizeof(weights));
    ennead_dma_wait(ennead_dma(DMA_IN, dy + GUARD, ennead_dy, sizeof(ennead_dy)));
    ennead_dma_wait(matrix);
  }
  ennead_barrier();
  ENNEAD_END(REGION_DMA_IN);

  for (uint32_t phase = 0; phase < 4; phase++) {
    product(phase, core, team);
  }

  ENNEAD_BEGIN(REGION_DMA_OUT);
  const struct interleave interleave = {.phase = {parts[0], parts[1], parts[2], parts[3]},
                                        .to = dx,
                                        .channels = CIN,
                                        .height = H,
                                        .width = W};
  KERNEL(interleave)(&interleave, core, team);
  ennead_barrier();
  if (core == 0) {
    ennead_dma_wait(ennead_dma(DMA_OUT, dx, ennead_output, sizeof(dx)));
  }
  ENNEAD_END(REGION_DMA_OUT);
}
