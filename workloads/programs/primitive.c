/* One kernel of primitives.h: operands are brought to L1, the team works on them, the result goes back. PRIMITIVE names the
 * kernel, OUTPUTS its results; X_TYPE is the type of x where that is not REAL. */
#include "primitives.h"
#include "program.h"
#include "shapes.h"

enum { REGION_DMA_IN = 1, REGION_COMPUTE, REGION_DMA_OUT };
ENNEAD_REGION(1, "dma-in");
ENNEAD_REGION(2, "compute");
ENNEAD_REGION(3, "dma-out");

#ifndef X_TYPE
#define X_TYPE REAL
#endif
#ifndef DYS
#define DYS PRIMITIVE_ELEMENTS
#endif

ENNEAD_SIZE(PRIMITIVE_C);
ENNEAD_SIZE(PRIMITIVE_H);
ENNEAD_SIZE(PRIMITIVE_W);
_Static_assert(PRIMITIVE_H % 2 == 0 && PRIMITIVE_W % 2 == 0, "height and width have to be even for pools of 2x2");

extern const X_TYPE ennead_x[PRIMITIVE_ELEMENTS];
static X_TYPE x[PRIMITIVE_ELEMENTS] ENNEAD_L1;
#ifdef HAS_DY
extern const REAL ennead_dy[DYS];
static REAL dy[DYS] ENNEAD_L1;
#endif
#ifdef HAS_WEIGHTS
extern const REAL ennead_weights[2 * PRIMITIVE_C];
static REAL weights[2 * PRIMITIVE_C] ENNEAD_L1;
#endif
REAL ennead_output[OUTPUTS] __attribute__((aligned(16)));
static REAL result[OUTPUTS] ENNEAD_L1;

#define FETCH(to, from) ennead_dma_wait(ennead_dma(DMA_IN, to, from, sizeof(to)))

#include "inputs.h"

void ennead_team_main(uint32_t core, uint32_t team) {
  ENNEAD_BEGIN(REGION_DMA_IN);
  struct primitive job = {.x = x,
                          .y = result,
                          .channels = PRIMITIVE_C,
                          .height = PRIMITIVE_H,
                          .width = PRIMITIVE_W,
                          .factor = PRIMITIVE_FACTOR};
  if (core == 0) {
    FETCH(x, ennead_x);
#ifdef HAS_DY
    FETCH(dy, ennead_dy);
#endif
#ifdef HAS_WEIGHTS
    FETCH(weights, ennead_weights);
#endif
  }
#ifdef HAS_DY
  job.dy = dy;
#endif
#ifdef HAS_WEIGHTS
  job.parameters = weights;
#endif
  ennead_barrier();
  ENNEAD_END(REGION_DMA_IN);

  ENNEAD_BEGIN(REGION_COMPUTE);
  KERNEL(PRIMITIVE)(&job, core, team);
  ennead_barrier();
  ENNEAD_END(REGION_COMPUTE);

  ENNEAD_BEGIN(REGION_DMA_OUT);
  if (core == 0) {
    ennead_dma_wait(ennead_dma(DMA_OUT, result, ennead_output, sizeof(result)));
  }
  ENNEAD_END(REGION_DMA_OUT);
}
