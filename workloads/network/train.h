/* What the programs that train a network share: its layers and parameters, from golden/networks.h, and the tensors that a
 * step needs. NETWORK_NAME says which network. */
#ifndef ENNEAD_TRAIN_H
#define ENNEAD_TRAIN_H

#include "depthwise.h"
#include "network.h"
#include "networks.h"
#include "program.h"

/* Results (the loss, then the logits), then the parameters of all layers, which the step updates. */
extern REAL ennead_output[NETWORK_PARAMETERS];
extern const REAL ennead_x[];

static REAL velocity[NETWORK_PARAMETERS] __attribute__((aligned(16)));

/* Three words for each step of each layer; a host may change them before the run. */
__attribute__((section(".data"))) volatile struct tiling ennead_tiling[NETWORK_LAYER_COUNT * STEPS] = {
#include NETWORK_TILING
};

volatile uint32_t ennead_footprint[NETWORK_LAYER_COUNT * STEPS];

#define PARAMETERS(weights_at, bias_at, row)                                                                   \
  {                                                                                                            \
    .weights = ennead_output + (weights_at), .bias = ennead_output + (bias_at),                                \
    .weights_velocity = velocity + (weights_at), .bias_velocity = velocity + (bias_at), .ld = (row),           \
  }
#define REGION_OF(layer) (1 + 2 * STEPS * (layer))

/* Descriptors lie in L1: a worker reads them often. */
#define IN_L1 __attribute__((section(".rodata.layers")))
#define CONVOLUTION(index, id, weights_at, bias_at, row, a, b, c, d, e, f, g, h, i, j, k, l, m)                \
  static const struct convolution id IN_L1 = {                                                                 \
      #id,          REGION_OF(index), a, b, c, d, e, f, g, h, i, j, k, l, m, PARAMETERS(weights_at, bias_at, row), \
      ennead_tiling + STEPS * (index)};
#define DEPTHWISE(index, id, weights_at, bias_at, row, a, b, c, d)                                             \
  static const struct depthwise_layer id IN_L1 = {                                                             \
      #id, REGION_OF(index), a, b, c, d, PARAMETERS(weights_at, bias_at, row), ennead_tiling + STEPS * (index)};
#define CLASSIFIER(index, id, weights_at, bias_at, row, a, b, c, d)                                            \
  static const struct classifier id IN_L1 = {#id, REGION_OF(index), a, b, c, d, PARAMETERS(weights_at, bias_at, row)};
NETWORK_LAYERS
#undef CONVOLUTION
#undef DEPTHWISE
#undef CLASSIFIER

static const struct rates rates IN_L1 = {NETWORK_RATE, NETWORK_MOMENTUM, NETWORK_DECAY};

#define TENSOR(name, elements) static REAL name[elements] __attribute__((aligned(16)))

#endif
