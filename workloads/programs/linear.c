/* One step of a fully connected layer: STEP says which. Tensors are brought to L1 whole.
 *
 *   FW  y[no] = W[no x ni] x[ni] + bias
 *   WG  dW[no x ni] = dy[no] x[ni]^T
 *   IG  dx[ni] = W[no x ni]^T dy[no]
 *
 * Built for one element type: REAL and the kernels' names come from the command line. */
#include "elementwise.h"
#include "layout.h"
#include "matmul.h"
#include "matmul_dot.h"
#include "program.h"
#include "shapes.h"

ENNEAD_SIZE(LINEAR_NI);
ENNEAD_SIZE(LINEAR_NO);

enum { REGION_DMA_IN = 1, REGION_COMPUTE, REGION_DMA_OUT };
ENNEAD_REGION(1, "dma-in");
ENNEAD_REGION(2, "compute");
ENNEAD_REGION(3, "dma-out");

#define FW 1
#define WG 2
#define IG 3

enum { NI = LINEAR_NI, NO = LINEAR_NO, LDW = LINEAR_LDW, WORD = 4 / sizeof(REAL) };

_Static_assert(NI % WORD == 0 && LDW % WORD == 0, "rows have to be whole numbers of words");

#if STEP == FW
#define OUTPUTS NO
extern const REAL ennead_x[NI], ennead_weights[NO * LDW], ennead_bias[NO];
static REAL x[NI] ENNEAD_L1, weights[NO * LDW] ENNEAD_L1, bias[NO] ENNEAD_L1;
static uint32_t sums[NO] ENNEAD_L1;
#elif STEP == WG
#define OUTPUTS (NO * NI)
extern const REAL ennead_x[NI], ennead_dy[NO];
static REAL x[NI] ENNEAD_L1, dy[NO] ENNEAD_L1;
#else
#define OUTPUTS NI
extern const REAL ennead_weights[NO * LDW], ennead_dy[NO];
static REAL weights[NO * LDW] ENNEAD_L1, dy[NO] ENNEAD_L1;
#endif
REAL ennead_output[OUTPUTS] __attribute__((aligned(16)));
static REAL result[OUTPUTS] ENNEAD_L1;

#define FETCH(to, from) ennead_dma_wait(ennead_dma(DMA_IN, to, from, sizeof(to)))

#include "inputs.h"

void ennead_team_main(uint32_t core, uint32_t team) {
  ENNEAD_BEGIN(REGION_DMA_IN);
  if (core == 0) {
#if STEP != WG
    FETCH(weights, ennead_weights);
#endif
#if STEP != IG
    FETCH(x, ennead_x);
#endif
#if STEP == FW
    FETCH(bias, ennead_bias);
#else
    FETCH(dy, ennead_dy);
#endif
  }
#if STEP == FW
  clear_words(sums, NO, core, team);
#endif
  ennead_barrier();
  ENNEAD_END(REGION_DMA_IN);

  ENNEAD_BEGIN(REGION_COMPUTE);
#if STEP == FW
  const struct matmul_dot mm = {.a = weights, .b = x, .sums = sums, .lda = LDW, .ldb = NI, .n = NO, .m = 1, .k = NI};
  matmul_dot_kernel(&mm, core, team);
  ennead_barrier();
  finish_sums_kernel(result, sums, bias, NO, core, team);
#elif STEP == WG
  const struct outer outer = {
      .dy = dy, .x = (const uint32_t *)x, .dw = (uint32_t *)result, .n = NO, .words = NI / WORD, .ld = NI};
  outer_kernel(&outer, core, team);
#else
  const struct matmul mm = {.a = dy, .b = weights, .c = result, .lda = NO, .ldb = LDW, .ldc = NI, .n = 1, .m = NI, .k = NO};
  matmul_kernel(&mm, core, team);
#endif
  ennead_barrier();
  ENNEAD_END(REGION_COMPUTE);

  ENNEAD_BEGIN(REGION_DMA_OUT);
  if (core == 0) {
    ennead_dma_wait(ennead_dma(DMA_OUT, result, ennead_output, sizeof(result)));
  }
  ENNEAD_END(REGION_DMA_OUT);
}
