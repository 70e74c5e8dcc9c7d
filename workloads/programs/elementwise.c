/* One step that treats each element alone: STEP says which. Tensors are brought to L1 whole.
 *
 *   RELU_FW  y = x where x > 0, else 0
 *   RELU_BW  dx = dy where x > 0, else 0
 *   SGD      v = momentum v + (decay w + dw); w = w - rate v; the result is w
 *
 * Built for one element type: REAL and the kernels' names come from the command line. */
#include "elementwise.h"
#include "program.h"
#include "shapes.h"

ENNEAD_SIZE(ELEMENTS);

enum { REGION_DMA_IN = 1, REGION_COMPUTE, REGION_DMA_OUT };
ENNEAD_REGION(1, "dma-in");
ENNEAD_REGION(2, "compute");
ENNEAD_REGION(3, "dma-out");

#define RELU_FW 1
#define RELU_BW 2
#define SGD 3

enum { COUNT = ELEMENTS, WORD = 4 / sizeof(REAL), WORDS = COUNT / WORD };

_Static_assert(COUNT % WORD == 0, "the tensor has to be a whole number of words");

REAL ennead_output[COUNT] __attribute__((aligned(16)));

#define INPUT(name)                  \
  extern const REAL ennead_##name[COUNT]; \
  static uint32_t name[WORDS] ENNEAD_L1;

#define FETCH(name) ennead_dma_wait(ennead_dma(DMA_IN, name, ennead_##name, sizeof(name)))

#if STEP == RELU_FW
INPUT(x)
#define RESULT x
#elif STEP == RELU_BW
INPUT(x)
INPUT(dy)
#define RESULT dy
#else
INPUT(w)
INPUT(v)
INPUT(dw)
#define RESULT w
#endif

#include "inputs.h"

void ennead_team_main(uint32_t core, uint32_t team) {
  ENNEAD_BEGIN(REGION_DMA_IN);
  if (core == 0) {
#if STEP == RELU_FW
    FETCH(x);
#elif STEP == RELU_BW
    FETCH(x);
    FETCH(dy);
#else
    FETCH(w);
    FETCH(v);
    FETCH(dw);
#endif
  }
  ennead_barrier();
  ENNEAD_END(REGION_DMA_IN);

  ENNEAD_BEGIN(REGION_COMPUTE);
#if STEP == RELU_FW
  relu_kernel(x, x, WORDS, core, team);
#elif STEP == RELU_BW
  relu_backward_kernel(dy, dy, x, WORDS, core, team);
#else
  const struct sgd sgd = {
      .w = w, .v = v, .dw = dw, .words = WORDS, .rate = SGD_RATE, .momentum = SGD_MOMENTUM, .decay = SGD_DECAY};
  sgd_kernel(&sgd, core, team);
#endif
  ennead_barrier();
  ENNEAD_END(REGION_COMPUTE);

  ENNEAD_BEGIN(REGION_DMA_OUT);
  if (core == 0) {
    ennead_dma_wait(ennead_dma(DMA_OUT, RESULT, ennead_output, sizeof(RESULT)));
  }
  ENNEAD_END(REGION_DMA_OUT);
}
