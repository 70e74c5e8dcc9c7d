/* On-device learning, whole: a network of two fully connected layers with a ReLU between them is trained for STEPS steps,
 * batch 1, mean squared error, SGD with momentum. Everything stays in L1; the result is the loss of each step.
 *
 *   hidden = W1 x + b1; active = ReLU(hidden); y = W2 active + b2; loss = sum of (y - t)^2
 *
 * Built for one element type: REAL and the kernels' names come from the command line. */
#include "elementwise.h"
#include "layout.h"
#include "matmul.h"
#include "matmul_dot.h"
#include "program.h"
#include "shapes.h"

ENNEAD_SIZE(MLP_NI);
ENNEAD_SIZE(MLP_NH);
ENNEAD_SIZE(MLP_NO);
ENNEAD_SIZE(MLP_STEPS);
ENNEAD_SIZE(MLP_SAMPLES);

enum { REGION_DMA_IN = 1, REGION_FORWARD, REGION_LOSS, REGION_BACKWARD, REGION_UPDATE, REGION_DMA_OUT };
ENNEAD_REGION(1, "dma-in");
ENNEAD_REGION(2, "forward");
ENNEAD_REGION(3, "loss");
ENNEAD_REGION(4, "backward");
ENNEAD_REGION(5, "update");
ENNEAD_REGION(6, "dma-out");

enum {
  NI = MLP_NI,
  NH = MLP_NH,
  NO = MLP_NO,
  STEPS = MLP_STEPS,
  SAMPLES = MLP_SAMPLES,
  LD1 = MLP_LD1,
  LD2 = MLP_LD2,
  WORD = 4 / sizeof(REAL),
};

_Static_assert(NI % WORD == 0 && NH % WORD == 0 && NO % WORD == 0, "layers have to be whole numbers of words");

extern const REAL ennead_x[SAMPLES * NI], ennead_t[SAMPLES * NO];
extern const REAL ennead_w1[NH * LD1], ennead_b1[NH], ennead_w2[NO * LD2], ennead_b2[NO];
REAL ennead_output[STEPS] __attribute__((aligned(16)));

#define TENSOR(name, elements) static REAL name[elements] __attribute__((section(".l1"), aligned(4)))
TENSOR(x, SAMPLES *NI);
TENSOR(t, SAMPLES *NO);
TENSOR(w1, NH *LD1);
TENSOR(b1, NH);
TENSOR(w2, NO *LD2);
TENSOR(b2, NO);
TENSOR(v_w1, NH *LD1);
TENSOR(v_b1, NH);
TENSOR(v_w2, NO *LD2);
TENSOR(v_b2, NO);
TENSOR(d_w1, NH *LD1);
TENSOR(d_w2, NO *LD2);
TENSOR(hidden, NH);
TENSOR(active, NH);
TENSOR(y, NO);
TENSOR(d_hidden, NH);
TENSOR(d_y, NO);
TENSOR(losses, STEPS);
static uint32_t sums[NH > NO ? NH : NO] ENNEAD_L1;

#define WORDS(tensor) ((uint32_t *)(tensor))
#define COUNT(tensor) (sizeof(tensor) / 4)
#define FETCH(tensor) ennead_dma_wait(ennead_dma(DMA_IN, tensor, ennead_##tensor, sizeof(tensor)))

/* to = weights from + bias. */
static void layer(REAL *to, const REAL *weights, uint32_t ld, const REAL *bias, const REAL *from, uint32_t no, uint32_t ni,
                  uint32_t core, uint32_t team) {
  clear_words(sums, no, core, team);
  ennead_barrier();
  const struct matmul_dot mm = {.a = weights, .b = from, .sums = sums, .lda = ld, .ldb = ni, .n = no, .m = 1, .k = ni};
  matmul_dot_kernel(&mm, core, team);
  ennead_barrier();
  finish_sums_kernel(to, sums, bias, no, core, team);
  ennead_barrier();
}

/* The loss of a step and d_y = 2 (y - t) / NO, on one worker. */
static void loss_of(uint32_t step, const REAL *target) {
  REAL loss = KERNEL(narrow)(0.0f);
  for (uint32_t i = 0; i < NO; i++) {
    const REAL error = KERNEL(subtract)(y[i], target[i]);
    loss = fma_kernel(error, error, loss);
    d_y[i] = KERNEL(multiply)(error, KERNEL(narrow)(2.0f / NO));
  }
  losses[step] = loss;
}

static void update(REAL *w, REAL *v, const REAL *dw, uint32_t words, uint32_t core, uint32_t team) {
  const struct sgd sgd = {
      .w = WORDS(w), .v = WORDS(v), .dw = WORDS(dw), .words = words, .rate = MLP_RATE, .momentum = MLP_MOMENTUM};
  sgd_kernel(&sgd, core, team);
}

#include "inputs.h"

void ennead_team_main(uint32_t core, uint32_t team) {
  ENNEAD_BEGIN(REGION_DMA_IN);
  if (core == 0) {
    FETCH(x);
    FETCH(t);
    FETCH(w1);
    FETCH(b1);
    FETCH(w2);
    FETCH(b2);
  }
  ennead_barrier();
  ENNEAD_END(REGION_DMA_IN);

  for (uint32_t step = 0; step < STEPS; step++) {
    const REAL *input = x + step % SAMPLES * NI;

    ENNEAD_BEGIN(REGION_FORWARD);
    layer(hidden, w1, LD1, b1, input, NH, NI, core, team);
    relu_kernel(WORDS(active), WORDS(hidden), COUNT(hidden), core, team);
    layer(y, w2, LD2, b2, active, NO, NH, core, team);
    ENNEAD_END(REGION_FORWARD);

    ENNEAD_BEGIN(REGION_LOSS);
    if (core == 0) {
      loss_of(step, t + step % SAMPLES * NO);
    }
    ennead_barrier();
    ENNEAD_END(REGION_LOSS);

    ENNEAD_BEGIN(REGION_BACKWARD);
    const struct outer second = {
        .dy = d_y, .x = WORDS(active), .dw = WORDS(d_w2), .n = NO, .words = COUNT(active), .ld = LD2};
    outer_kernel(&second, core, team);
    const struct matmul input_gradient = {
        .a = d_y, .b = w2, .c = d_hidden, .lda = NO, .ldb = LD2, .ldc = NH, .n = 1, .m = NH, .k = NO};
    matmul_kernel(&input_gradient, core, team);
    ennead_barrier();
    relu_backward_kernel(WORDS(d_hidden), WORDS(d_hidden), WORDS(hidden), COUNT(hidden), core, team);
    ennead_barrier();
    const struct outer first = {
        .dy = d_hidden, .x = WORDS(input), .dw = WORDS(d_w1), .n = NH, .words = NI / WORD, .ld = LD1};
    outer_kernel(&first, core, team);
    ennead_barrier();
    ENNEAD_END(REGION_BACKWARD);

    ENNEAD_BEGIN(REGION_UPDATE);
    update(w1, v_w1, d_w1, COUNT(w1), core, team);
    update(b1, v_b1, d_hidden, COUNT(b1), core, team);
    update(w2, v_w2, d_w2, COUNT(w2), core, team);
    update(b2, v_b2, d_y, COUNT(b2), core, team);
    ennead_barrier();
    ENNEAD_END(REGION_UPDATE);
  }

  ENNEAD_BEGIN(REGION_DMA_OUT);
  if (core == 0) {
    ennead_dma_wait(ennead_dma(DMA_OUT, losses, ennead_output, sizeof(losses)));
  }
  ENNEAD_END(REGION_DMA_OUT);
}
