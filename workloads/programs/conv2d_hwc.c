/* One step of Conv2D on tensors in HWC: STEP says which. Images are [line][column][channel], weights [cout][kernel
 * line][kernel column][cin]; tensors are brought to L1 whole.
 *
 *   FW  Y[positions x cout] = im2row(X) W^T + bias: a product by rows (matmul_dot.h)
 *   WG  dW[cout x K] = dY^T im2row(X)
 *   IG  dX[positions x cin] = im2row(dY) Wt, where Wt holds the taps in reverse order; with stride s one product for each of
 *       the s s phases of a position, which meet only some of the taps */
#include "im2row.h"
#include "layout.h"
#include "matmul.h"
#include "matmul_dot.h"
#include "phases.h"
#include "primitives.h"
#include "program.h"
#include "shapes.h"

enum { REGION_DMA_IN = 1, REGION_IM2ROW, REGION_COMPUTE, REGION_DMA_OUT };
ENNEAD_REGION(1, "dma-in");
ENNEAD_REGION(2, "im2row");
ENNEAD_REGION(3, "compute");
ENNEAD_REGION(4, "dma-out");

#include "conv2d.h"

#define FW 1
#define WG 2
#define IG 3

_Static_assert(CIN % WORD == 0 && COUT % WORD == 0, "channels have to be whole numbers of words");
_Static_assert(H % STRIDE == 0 && W % STRIDE == 0, "the stride has to divide the image");

enum { POSITIONS = HO * WO, LDR = ROW_LENGTH(K), DEPTH = COUT * TAPS, LDD = ROW_LENGTH(DEPTH) };

#if STEP == FW
#define OUTPUTS (POSITIONS * COUT)
extern const REAL ennead_x[H * W * CIN], ennead_weights[COUT * LDW], ennead_bias[COUT];
static REAL x[H * W * CIN] ENNEAD_L1, weights[COUT * LDW] ENNEAD_L1, bias[COUT] ENNEAD_L1;
static REAL rows[POSITIONS * LDR] ENNEAD_L1;
static uint32_t sums[OUTPUTS] ENNEAD_L1;
#elif STEP == WG
#define OUTPUTS (COUT * K)
extern const REAL ennead_x[H * W * CIN], ennead_dy[POSITIONS * COUT];
static REAL x[H * W * CIN] ENNEAD_L1, dy[POSITIONS * COUT] ENNEAD_L1, transposed[COUT * POSITIONS] ENNEAD_L1;
static REAL rows[POSITIONS * LDR] ENNEAD_L1;
#else
#define OUTPUTS (H * W * CIN)
extern const REAL ennead_dy[POSITIONS * COUT], ennead_weights[COUT * LDW];
static REAL dy[POSITIONS * COUT] ENNEAD_L1, weights[COUT * LDW] ENNEAD_L1;
static REAL turned[DEPTH * CIN] ENNEAD_L1, phase_dx[H / STRIDE * (W / STRIDE) * CIN] ENNEAD_L1;
static REAL rows[H / STRIDE * (W / STRIDE) * LDD] ENNEAD_L1;
#endif
REAL ennead_output[OUTPUTS] __attribute__((aligned(16)));
static REAL result[OUTPUTS] ENNEAD_L1;

#define FETCH(name) ennead_dma_wait(ennead_dma(DMA_IN, name, ennead_##name, sizeof(name)))

#if STEP != IG
static void gather(uint32_t core, uint32_t team) {
  const struct im2row job = {
      .x = x,
      .rows = rows,
      .channels = CIN,
      .height = H,
      .width = W,
      .kernel_h = KERNEL,
      .kernel_w = KERNEL,
      .stride = STRIDE,
      .pad_y = PADDING,
      .pad_x = PADDING,
      .out_height = HO,
      .out_width = WO,
      .ld = LDR,
  };
  MOVE(im2row)(&job, core, team);
}
#endif

#if STEP == IG
/* The gradient of the positions with remainders p and q. */
static void phase(uint32_t p, uint32_t q, uint32_t core, uint32_t team) {
  enum { LINES = H / STRIDE, COLUMNS = W / STRIDE };
  const struct taps y = taps_of(KERNEL, STRIDE, PADDING, p), x = taps_of(KERNEL, STRIDE, PADDING, q);
  REAL *to = result + (p * W + q) * CIN;
  ENNEAD_BEGIN(REGION_IM2ROW);
  if (y.count > 0 && x.count > 0) {
    const struct turn turn = {
        .from = weights,
        .to = turned,
        .cout = COUT,
        .cin = CIN,
        .taps = TAPS,
        .ld_from = LDW,
        .ld_to = CIN,
        .lines = y.count,
        .line_taps = x.count,
        .last = y.last * KERNEL + x.last,
        .line_step = STRIDE * KERNEL,
        .tap_step = STRIDE,
    };
    MOVE(turn_weights)(&turn, core, team);
    const struct im2row gather = {
        .x = dy,
        .rows = rows,
        .channels = COUT,
        .height = HO,
        .width = WO,
        .kernel_h = y.count,
        .kernel_w = x.count,
        .stride = 1,
        .pad_y = y.padding,
        .pad_x = x.padding,
        .out_height = LINES,
        .out_width = COLUMNS,
        .ld = LDD,
    };
    MOVE(im2row)(&gather, core, team);
  } else {
    clear_words((uint32_t *)phase_dx, sizeof(phase_dx) / 4, core, team);
  }
  ennead_barrier();
  ENNEAD_END(REGION_IM2ROW);
  ENNEAD_BEGIN(REGION_COMPUTE);
  if (y.count > 0 && x.count > 0) {
    const struct matmul mm = {
        .a = rows,
        .b = turned,
        .c = STRIDE == 1 ? result : phase_dx,
        .lda = LDD,
        .ldb = CIN,
        .ldc = CIN,
        .n = LINES * COLUMNS,
        .m = CIN,
        .k = COUT * y.count * x.count,
    };
    KERNEL(matmul)(&mm, core, team);
    ennead_barrier();
  }
  if (STRIDE > 1) {
    for (uint32_t at = core; at < LINES * COLUMNS; at += team) {
      ennead_copy_words(to + (at / COLUMNS * W + at % COLUMNS) * STRIDE * CIN, phase_dx + at * CIN, CIN / WORD);
    }
    ennead_barrier();
  }
  ENNEAD_END(REGION_COMPUTE);
}
#endif

#include "inputs.h"

void ennead_team_main(uint32_t core, uint32_t team) {
  ENNEAD_BEGIN(REGION_DMA_IN);
  if (core == 0) {
#if STEP != IG
    FETCH(x);
#endif
#if STEP == FW
    FETCH(bias);
#else
    FETCH(dy);
#endif
#if STEP != WG
    FETCH(weights);
#endif
  }
#if STEP == FW
  clear_words(sums, OUTPUTS, core, team);
#endif
  ennead_barrier();
  ENNEAD_END(REGION_DMA_IN);

#if STEP == IG
  for (uint32_t at = 0; at < STRIDE * STRIDE; at++) {
    phase(at / STRIDE, at % STRIDE, core, team);
  }
#else
  ENNEAD_BEGIN(REGION_IM2ROW);
  gather(core, team);
#if STEP == WG
  const struct primitive turn = {.x = dy, .y = transposed, .channels = POSITIONS, .height = 1, .width = COUT};
  KERNEL(transpose)(&turn, core, team);
#endif
  ennead_barrier();
  ENNEAD_END(REGION_IM2ROW);
  ENNEAD_BEGIN(REGION_COMPUTE);
#if STEP == FW
  const struct matmul_dot mm = {
      .a = rows, .b = weights, .sums = sums, .lda = LDR, .ldb = LDW, .n = POSITIONS, .m = COUT, .k = K};
  KERNEL(matmul_dot)(&mm, core, team);
  ennead_barrier();
  for (uint32_t at = core; at < POSITIONS; at += team) {
    KERNEL(finish_sums)(result + at * COUT, sums + at * COUT, bias, COUT, 0, 1);
  }
#else
  const struct matmul mm = {
      .a = transposed, .b = rows, .c = result, .lda = POSITIONS, .ldb = LDR, .ldc = K, .n = COUT, .m = K, .k = POSITIONS};
  KERNEL(matmul)(&mm, core, team);
#endif
  ennead_barrier();
  ENNEAD_END(REGION_COMPUTE);
#endif

  ENNEAD_BEGIN(REGION_DMA_OUT);
  if (core == 0) {
    ennead_dma_wait(ennead_dma(DMA_OUT, result, ennead_output, sizeof(result)));
  }
  ENNEAD_END(REGION_DMA_OUT);
}
