/* One training step of DS-CNN as MLPerf Tiny has it, batch 1: forward, backward, update. Batch normalisation is taken as
 * folded into weights and bias. All tensors lie in L2. */
#define NETWORK_DSCNN
#include "train.h"

enum { PLANES = 64 * 132 };

/* Activations after ReLU, and gradients before it. */
TENSOR(a1, PLANES);
TENSOR(a2, PLANES);
TENSOR(a3, PLANES);
TENSOR(a4, PLANES);
TENSOR(a5, PLANES);
TENSOR(a6, PLANES);
TENSOR(a7, PLANES);
TENSOR(a8, PLANES);
TENSOR(a9, PLANES);
TENSOR(d, PLANES);
TENSOR(e, PLANES);
TENSOR(scratch, 64 * 132);

void ennead_team_main(uint32_t core, uint32_t team) {
  const struct worker self = {core, team}, *w = &self;
  convolution_forward(w, &conv1, ennead_x, NULL, a1, 1);
  depthwise_forward(w, &depthwise1, a1, a2, 1);
  convolution_forward(w, &pointwise1, a2, NULL, a3, 1);
  depthwise_forward(w, &depthwise2, a3, a4, 1);
  convolution_forward(w, &pointwise2, a4, NULL, a5, 1);
  depthwise_forward(w, &depthwise3, a5, a6, 1);
  convolution_forward(w, &pointwise3, a6, NULL, a7, 1);
  depthwise_forward(w, &depthwise4, a7, a8, 1);
  convolution_forward(w, &pointwise4, a8, NULL, a9, 1);
  classifier_step(w, &classifier, a9, d, NETWORK_LABEL, ennead_output, &rates);

  convolution_input_gradient(w, &pointwise4, d, NULL, a8, e, scratch);
  convolution_update(w, &pointwise4, a8, d, &rates);
  depthwise_input_gradient(w, &depthwise4, e, a7, d);
  depthwise_update(w, &depthwise4, a7, e, &rates);
  convolution_input_gradient(w, &pointwise3, d, NULL, a6, e, scratch);
  convolution_update(w, &pointwise3, a6, d, &rates);
  depthwise_input_gradient(w, &depthwise3, e, a5, d);
  depthwise_update(w, &depthwise3, a5, e, &rates);
  convolution_input_gradient(w, &pointwise2, d, NULL, a4, e, scratch);
  convolution_update(w, &pointwise2, a4, d, &rates);
  depthwise_input_gradient(w, &depthwise2, e, a3, d);
  depthwise_update(w, &depthwise2, a3, e, &rates);
  convolution_input_gradient(w, &pointwise1, d, NULL, a2, e, scratch);
  convolution_update(w, &pointwise1, a2, d, &rates);
  depthwise_input_gradient(w, &depthwise1, e, a1, d);
  depthwise_update(w, &depthwise1, a1, e, &rates);
  convolution_update(w, &conv1, ennead_x, d, &rates);
}
