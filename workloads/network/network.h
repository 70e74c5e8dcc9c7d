/* Layers of a network whose tensors lie in L2, trained with batch 1: each step of a layer brings tiles to L1, lets the
 * team work on them, and takes results back, while the DMA moves the tiles before and after.
 *
 * Every function here is called by all workers of the team and ends with a barrier, after which its results are in L2.
 * Built for one element type: REAL, ELEMENT and ENNEAD_BITS come from the command line. */
#ifndef ENNEAD_NETWORK_H
#define ENNEAD_NETWORK_H

#include "ennead.h"

enum { FORWARD, INPUT_GRADIENT, WEIGHT_GRADIENT, STEPS };

/* How a step is done: at most so many lines of the result and so many channels at a time, and register tiles of at most so
 * many rows (4, 2 or 1). 0: as many as there are. Less is taken where that does not fit L1. */
struct tiling {
  uint32_t lines, channels, rows;
};

struct worker {
  uint32_t core, team;
};

/* Parameters and the velocities of their momentum, in L2. Rows of weights are `ld` elements apart. */
struct parameters {
  REAL *weights, *bias, *weights_velocity, *bias_velocity;
  uint32_t ld;
};

struct rates {
  float rate, momentum, decay;
};

/* A convolution. Channels of x are x_plane elements apart in L2, those of y y_plane; both planes are whole words, and a plane
 * of y has room for a multiple of 8 positions. A pointwise convolution takes a plane as one line. */
struct convolution {
  const char *name;
  uint32_t region;  /* the first of 2 STEPS numbers: each step, and its waiting for the DMA */
  uint32_t cin, height, width, x_plane;
  uint32_t cout, out_height, out_width, y_plane;
  uint32_t kernel_h, kernel_w, stride, pad_y, pad_x; /* zeros before the first line and column */
  struct parameters parameters;
  volatile struct tiling *tiling; /* STEPS of them */
};

/* y = relu(W x + bias + addend); addend may be NULL, relu is 0 or 1. */
void convolution_forward(const struct worker *worker, const struct convolution *layer, const REAL *x, const REAL *addend,
                         REAL *y, uint32_t relu);

/* dx = (gradient of x through W) + addend, zero where mask is not above zero; addend and mask may be NULL. `scratch` holds
 * the weights turned round (SCRATCH_WEIGHTS elements) and, with stride 2, the phases of dx (another cin x_plane).
 * With stride 2, the addend is that of phase 0: cin x out_height x out_width. */
void convolution_input_gradient(const struct worker *worker, const struct convolution *layer, const REAL *dy,
                                const REAL *addend, const REAL *mask, REAL *dx, REAL *scratch);

/* With stride 2 and one tap: phase 0 of dx, the only one that is not zero; cin x out_height x out_width. */
void convolution_input_gradient_phase(const struct worker *worker, const struct convolution *layer, const REAL *dy, REAL *dx,
                                      REAL *scratch);

/* The weights' gradient from x and dy, and their update. */
void convolution_update(const struct worker *worker, const struct convolution *layer, const REAL *x, const REAL *dy,
                        const struct rates *rates);

/* A depthwise convolution, 3x3, stride 1, padding 1; weights are channels x DEPTHWISE_LD. Elements of a plane after
 * height x width are zero in y and dx. tiling.channels is used. */
struct depthwise_layer {
  const char *name;
  uint32_t region;
  uint32_t channels, height, width, plane;
  struct parameters parameters;
  volatile struct tiling *tiling;
};

void depthwise_forward(const struct worker *worker, const struct depthwise_layer *layer, const REAL *x, REAL *y,
                       uint32_t relu);

/* dx, zero where mask is not above zero. */
void depthwise_input_gradient(const struct worker *worker, const struct depthwise_layer *layer, const REAL *dy,
                              const REAL *mask, REAL *dx);

void depthwise_update(const struct worker *worker, const struct depthwise_layer *layer, const REAL *x, const REAL *dy,
                      const struct rates *rates);

/* Mean over positions, fully connected layer, softmax, cross-entropy: forward, backward and update in L1. */
struct classifier {
  const char *name;
  uint32_t region;
  uint32_t channels, positions, plane, classes; /* classes even, at most 32 */
  struct parameters parameters;
};

/* dx is the gradient before the ReLU that made x; results[0] is the loss, then the logits. */
void classifier_step(const struct worker *worker, const struct classifier *layer, const REAL *x, REAL *dx, uint32_t label,
                     REAL *results, const struct rates *rates);

#endif
