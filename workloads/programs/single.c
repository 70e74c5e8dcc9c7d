/* One small kernel on whole tensors in L1: SINGLE says which.
 *
 *   RESIDUAL_FW     y = ReLU(x + t)
 *   RESIDUAL_BW     d = dy where x is above zero: the gradient of both operands, from the result x
 *   GLOBAL_POOL_FW  means of planes
 *   GLOBAL_POOL_BW  their gradient, before the ReLU that made x
 *   CROSS_ENTROPY   softmax - onehot of logits x, then the loss
 *   IM2COL, IM2ROW  the matrix of a convolution with stride 2, of an image in CHW and in HWC
 *   TURN_WEIGHTS    weights as the matrix of an input gradient */
#include "columns.h"
#include "head.h"
#include "im2row.h"
#include "layer.h"
#include "layout.h"
#include "program.h"
#define SHAPE_CONV2D_S2
#include "shapes.h"

ENNEAD_SIZE(HEAD_CHANNELS);
ENNEAD_SIZE(HEAD_POSITIONS);
ENNEAD_SIZE(HEAD_CLASSES);
ENNEAD_SIZE(RESIDUAL);
ENNEAD_SIZE(CONV_CIN);
ENNEAD_SIZE(CONV_H);
ENNEAD_SIZE(CONV_W);

enum { REGION_DMA_IN = 1, REGION_COMPUTE, REGION_DMA_OUT };
ENNEAD_REGION(1, "dma-in");
ENNEAD_REGION(2, "compute");
ENNEAD_REGION(3, "dma-out");

#define RESIDUAL_FW 1
#define RESIDUAL_BW 2
#define GLOBAL_POOL_FW 3
#define GLOBAL_POOL_BW 4
#define CROSS_ENTROPY 5
#define IM2COL 6
#define IM2ROW 7
#define TURN_WEIGHTS 8

enum {
  WORD = 4 / sizeof(REAL),
  PLANES = HEAD_CHANNELS * HEAD_POSITIONS,
  CHANNELS = CONV_CIN / 2,
  HO = (CONV_H + 2 * CONV_PADDING - CONV_KERNEL) / CONV_STRIDE + 1,
  WO = (CONV_W + 2 * CONV_PADDING - CONV_KERNEL) / CONV_STRIDE + 1,
  ROWS = CHANNELS * CONV_KERNEL * CONV_KERNEL,
  TURNED_IN = 8,
  TURNED_OUT = 16,
  GUARD = 4, /* elements before and after an image that may be read */
};

#if SINGLE == RESIDUAL_FW || SINGLE == RESIDUAL_BW
#define XS RESIDUAL
#define SECONDS RESIDUAL
#define OUTPUTS RESIDUAL
_Static_assert(RESIDUAL > 0 && RESIDUAL % WORD == 0, "a tensor has to be a whole number of words, and not empty");
#elif SINGLE == GLOBAL_POOL_FW
#define XS PLANES
#define OUTPUTS HEAD_CHANNELS
#elif SINGLE == GLOBAL_POOL_BW
#define XS PLANES
#define SECONDS HEAD_CHANNELS
#define OUTPUTS PLANES
#elif SINGLE == CROSS_ENTROPY
#define XS HEAD_CLASSES
#define OUTPUTS (HEAD_CLASSES + 1)
_Static_assert(HEAD_LABEL < HEAD_CLASSES && HEAD_CLASSES <= 32, "the label has to be one of at most 32 classes");
#elif SINGLE == IM2COL || SINGLE == IM2ROW
#define XS (CHANNELS * CONV_H * CONV_W)
#define OUTPUTS (ROWS * HO * WO)
#else
#define XS (TURNED_OUT * TURNED_IN * 9)
#define OUTPUTS XS
#endif

extern const REAL ennead_x[XS];
static REAL x_and_guards[GUARD + XS + GUARD] ENNEAD_L1;
static REAL *const x = x_and_guards + GUARD;
#ifdef SECONDS
extern const REAL ennead_second[SECONDS];
static REAL second[SECONDS] ENNEAD_L1;
#endif
REAL ennead_output[OUTPUTS] __attribute__((aligned(16)));
#if SINGLE == RESIDUAL_FW
#define RESULT x
#elif SINGLE == RESIDUAL_BW
#define RESULT second
#else
#define RESULT result
static REAL result[OUTPUTS] ENNEAD_L1;
#endif

static void compute(uint32_t core, uint32_t team) {
#if SINGLE == RESIDUAL_FW
  const struct epilogue sum = {.y = x, .addend = second, .relu = 1, .words = RESIDUAL / WORD};
  KERNEL(epilogue)(&sum, core, team);
#elif SINGLE == RESIDUAL_BW
  const struct epilogue masked = {.y = second, .mask = x, .words = RESIDUAL / WORD};
  KERNEL(epilogue)(&masked, core, team);
#elif SINGLE == GLOBAL_POOL_FW
  const struct pool pool = {x, result, HEAD_CHANNELS, HEAD_POSITIONS, HEAD_POSITIONS, 1.0f / HEAD_POSITIONS};
  KERNEL(pool)(&pool, core, team);
#elif SINGLE == GLOBAL_POOL_BW
  const struct pool_gradient pool = {x, second, result, HEAD_CHANNELS, HEAD_POSITIONS, HEAD_POSITIONS, 1.0f / HEAD_POSITIONS};
  KERNEL(pool_gradient)(&pool, core, team);
#elif SINGLE == CROSS_ENTROPY
  (void)team;
  if (core == 0) {
    KERNEL(cross_entropy)(x, result, HEAD_CLASSES, HEAD_LABEL, &result[HEAD_CLASSES]);
  }
#elif SINGLE == IM2COL
  const struct columns gather = {
      .x = x,
      .columns = result,
      .channels = CHANNELS,
      .height = CONV_H,
      .width = CONV_W,
      .plane = CONV_H * CONV_W,
      .kernel_h = CONV_KERNEL,
      .kernel_w = CONV_KERNEL,
      .stride = CONV_STRIDE,
      .pad_y = CONV_PADDING,
      .pad_x = CONV_PADDING,
      .out_rows = HO,
      .out_width = WO,
      .rows = ROWS,
      .ld = HO * WO,
  };
  MOVE(columns)(&gather, core, team);
#elif SINGLE == IM2ROW
  const struct im2row gather = {
      .x = x,
      .rows = result,
      .channels = CHANNELS,
      .height = CONV_H,
      .width = CONV_W,
      .kernel_h = CONV_KERNEL,
      .kernel_w = CONV_KERNEL,
      .stride = CONV_STRIDE,
      .pad_y = CONV_PADDING,
      .pad_x = CONV_PADDING,
      .out_height = HO,
      .out_width = WO,
      .ld = ROWS,
  };
  MOVE(im2row)(&gather, core, team);
#else
  const struct flip flip = {x, result, TURNED_OUT, TURNED_IN, 9, TURNED_IN * 9, TURNED_OUT * 9};
  MOVE(flip_weights)(&flip, core, team);
#endif
}

#include "inputs.h"

void ennead_team_main(uint32_t core, uint32_t team) {
  ENNEAD_BEGIN(REGION_DMA_IN);
  if (core == 0) {
    ennead_dma_wait(ennead_dma(DMA_IN, x, ennead_x, sizeof(ennead_x)));
#ifdef SECONDS
    ennead_dma_wait(ennead_dma(DMA_IN, second, ennead_second, sizeof(second)));
#endif
  }
  ennead_barrier();
  ENNEAD_END(REGION_DMA_IN);

  ENNEAD_BEGIN(REGION_COMPUTE);
  compute(core, team);
  ennead_barrier();
  ENNEAD_END(REGION_COMPUTE);

  ENNEAD_BEGIN(REGION_DMA_OUT);
  if (core == 0) {
    ennead_dma_wait(ennead_dma(DMA_OUT, RESULT, ennead_output, sizeof(ennead_output)));
  }
  ENNEAD_END(REGION_DMA_OUT);
}
