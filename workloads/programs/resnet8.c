/* One training step of ResNet8 as MLPerf Tiny has it, batch 1: forward, backward, update. Batch normalisation is taken as
 * folded into weights and bias. All tensors lie in L2. */
#define NETWORK_RESNET8
#include "train.h"

enum { WIDE = 16 * 32 * 32, MIDDLE = 32 * 16 * 16, NARROW = 64 * 8 * 8 };

/* Activations after ReLU, the results of the skip convolutions, and gradients before ReLU. */
TENSOR(a1, WIDE);
TENSOR(a2, WIDE);
TENSOR(a3, WIDE);
TENSOR(a4, MIDDLE);
TENSOR(a5, MIDDLE);
TENSOR(a6, NARROW);
TENSOR(a7, NARROW);
TENSOR(k5, MIDDLE);
TENSOR(k7, NARROW);
TENSOR(d1, WIDE);
TENSOR(d2, WIDE);
TENSOR(d3, WIDE);
TENSOR(d4, MIDDLE);
TENSOR(d5, MIDDLE);
TENSOR(d6, NARROW);
TENSOR(d7, NARROW);
TENSOR(scratch, 64 * 580 + WIDE);

void ennead_team_main(uint32_t core, uint32_t team) {
  const struct worker self = {core, team}, *w = &self;
  convolution_forward(w, &conv1, ennead_x, NULL, a1, 1);
  convolution_forward(w, &conv2, a1, NULL, a2, 1);
  convolution_forward(w, &conv3, a2, a1, a3, 1);
  convolution_forward(w, &conv4, a3, NULL, a4, 1);
  convolution_forward(w, &skip5, a3, NULL, k5, 0);
  convolution_forward(w, &conv5, a4, k5, a5, 1);
  convolution_forward(w, &conv6, a5, NULL, a6, 1);
  convolution_forward(w, &skip7, a5, NULL, k7, 0);
  convolution_forward(w, &conv7, a6, k7, a7, 1);
  classifier_step(w, &classifier, a7, d7, NETWORK_LABEL, ennead_output, &rates);

  convolution_input_gradient(w, &conv7, d7, NULL, a6, d6, scratch);
  convolution_update(w, &conv7, a6, d7, &rates);
  convolution_input_gradient_phase(w, &skip7, d7, k5, scratch);
  convolution_update(w, &skip7, a5, d7, &rates);
  convolution_input_gradient(w, &conv6, d6, k5, a5, d5, scratch);
  convolution_update(w, &conv6, a5, d6, &rates);
  convolution_input_gradient(w, &conv5, d5, NULL, a4, d4, scratch);
  convolution_update(w, &conv5, a4, d5, &rates);
  convolution_input_gradient_phase(w, &skip5, d5, k5, scratch);
  convolution_update(w, &skip5, a3, d5, &rates);
  convolution_input_gradient(w, &conv4, d4, k5, a3, d3, scratch);
  convolution_update(w, &conv4, a3, d4, &rates);
  convolution_input_gradient(w, &conv3, d3, NULL, a2, d2, scratch);
  convolution_update(w, &conv3, a2, d3, &rates);
  convolution_input_gradient(w, &conv2, d2, d3, a1, d1, scratch);
  convolution_update(w, &conv2, a1, d2, &rates);
  convolution_update(w, &conv1, ennead_x, d1, &rates);
}
