/* One step of a depthwise convolution: STEP says which. Tensors are brought to L1 whole. 3x3 with stride 1 and padding 1 has
 * a kernel of its own.
 *
 *   FW  y[c] = w[c] * x[c] + bias[c]
 *   IG  dx[c] from dy[c]
 *   WG  dw[c], then db for all channels, from x and dy */
#include "depthwise.h"
#include "depthwise_any.h"
#include "program.h"
#include "shapes.h"

enum { REGION_DMA_IN = 1, REGION_COMPUTE, REGION_DMA_OUT };
ENNEAD_REGION(1, "dma-in");
ENNEAD_REGION(2, "compute");
ENNEAD_REGION(3, "dma-out");

#define FW 1
#define WG 2
#define IG 3

enum {
  C = CONV_CIN,
  H = CONV_H,
  W = CONV_W,
  HO = (H + 2 * CONV_PADDING - CONV_KERNEL) / CONV_STRIDE + 1,
  WO = (W + 2 * CONV_PADDING - CONV_KERNEL) / CONV_STRIDE + 1,
  LDW = CONV_LDW, /* elements from one channel's weights to the next */
  FAST = CONV_KERNEL == 3 && CONV_STRIDE == 1 && CONV_PADDING == 1,
  SPACE = FAST ? DEPTHWISE_SPACE(H, W) : DEPTHWISE_ANY_SPACE(H > HO ? H : HO, W > WO ? W : WO, CONV_KERNEL),
#ifdef __riscv_flen
  WORKERS = 16,
#else
  WORKERS = 8,
#endif
};

ENNEAD_SIZE(CONV_CIN);
ENNEAD_SIZE(CONV_H);
ENNEAD_SIZE(CONV_W);
ENNEAD_SIZE(CONV_KERNEL);
ENNEAD_SIZE(CONV_STRIDE);
_Static_assert(CONV_PADDING < CONV_KERNEL, "padding beyond the kernel");
_Static_assert(H + 2 * CONV_PADDING >= CONV_KERNEL && W + 2 * CONV_PADDING >= CONV_KERNEL,
               "the kernel is larger than the image with its padding");
_Static_assert(!FAST || H * W % (4 / sizeof(REAL)) == 0, "a plane has to be a whole number of words");

#define INPUT(name, count)                  \
  extern const REAL ennead_##name[count];   \
  static REAL name[count] ENNEAD_L1;

#if STEP == FW
#define OUTPUTS (C * HO * WO)
#elif STEP == IG
#define OUTPUTS (C * H * W)
#else
#define OUTPUTS (C * LDW + C)
#endif
#if STEP != IG
INPUT(x, C *H *W)
#endif
#if STEP != WG
INPUT(weights, C *LDW)
#endif
#if STEP == FW
INPUT(bias, C)
#else
INPUT(dy, C *HO *WO)
#endif
REAL ennead_output[OUTPUTS] __attribute__((aligned(16)));
static REAL result[OUTPUTS] ENNEAD_L1;
static REAL space[WORKERS * SPACE] ENNEAD_L1;

#define FETCH(name) ennead_dma_wait(ennead_dma(DMA_IN, name, ennead_##name, sizeof(name)))

static void compute(uint32_t core, uint32_t team) {
  if (FAST) {
#if STEP == WG
    const struct depthwise_gradient job = {.x = x,
                                           .dy = dy,
                                           .dw = result,
                                           .db = result + C * LDW,
                                           .space = space,
                                           .channels = C,
                                           .height = H,
                                           .width = W,
                                           .plane = H * W};
    KERNEL(depthwise_gradient)(&job, core, team);
#else
    const struct depthwise job = {
        .y = result,
        .weights = weights,
#if STEP == FW
        .x = x,
        .bias = bias,
#else
        .x = dy,
        .reverse = 1,
#endif
        .space = space,
        .channels = C,
        .height = H,
        .width = W,
        .plane = H * W,
    };
    KERNEL(depthwise)(&job, core, team);
#endif
    return;
  }
  const struct depthwise_any job = {
#if STEP != IG
      .x = x,
#endif
#if STEP != WG
      .weights = weights,
#endif
#if STEP == FW
      .bias = bias,
#else
      .dy = dy,
#endif
      .result = result,
      .bias_gradient = result + OUTPUTS - C,
      .space = space,
      .channels = C,
      .height = H,
      .width = W,
      .out_height = HO,
      .out_width = WO,
      .kernel = CONV_KERNEL,
      .stride = CONV_STRIDE,
      .padding = CONV_PADDING,
      .space_elements = SPACE,
  };
#if STEP == FW
  KERNEL(depthwise_any)(&job, core, team);
#elif STEP == IG
  KERNEL(depthwise_any_input)(&job, core, team);
#else
  KERNEL(depthwise_any_weights)(&job, core, team);
#endif
}

#include "inputs.h"

void ennead_team_main(uint32_t core, uint32_t team) {
  ENNEAD_BEGIN(REGION_DMA_IN);
  if (core == 0) {
#if STEP != IG
    FETCH(x);
#endif
#if STEP != WG
    FETCH(weights);
#endif
#if STEP == FW
    FETCH(bias);
#else
    FETCH(dy);
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
    ennead_dma_wait(ennead_dma(DMA_OUT, result, ennead_output, sizeof(result)));
  }
  ENNEAD_END(REGION_DMA_OUT);
}
