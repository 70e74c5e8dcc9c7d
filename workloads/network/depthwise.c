/* The steps of a depthwise convolution: blocks of channels, each whole. */
#include "depthwise.h"

#include "elementwise.h"
#include "tiles.h"

/* Blocks of channels with up to three planes each: two that come and one that goes. */
struct depthwise_plan {
  uint32_t channels, blocks;
  REAL *in[2][2], *out[2], *weights, *bias, *space;
  struct arena arena;
};

static struct depthwise_plan plan_of(const struct worker *worker, const struct depthwise_layer *layer, uint32_t ins,
                                     uint32_t outs, uint32_t step) {
  struct depthwise_plan plan;
  for (uint32_t channels = at_most(layer->tiling[step].channels, layer->channels);; channels = round_up(channels / 2, 2)) {
    plan = (struct depthwise_plan){.channels = channels, .blocks = parts(layer->channels, channels), .arena = EMPTY_ARENA};
    const uint32_t elements = channels * layer->plane;
    for (uint32_t buffer = 0; buffer < (plan.blocks > 1 ? 2u : 1u); buffer++) {
      for (uint32_t in = 0; in < ins; in++) {
        plan.in[buffer][in] = arena_reals(&plan.arena, elements);
      }
      plan.out[buffer] = arena_reals(&plan.arena, outs * elements);
    }
    plan.weights = arena_reals(&plan.arena, 3 * layer->channels * DEPTHWISE_LD);
    plan.bias = arena_reals(&plan.arena, 3 * layer->channels);
    plan.space = arena_reals(&plan.arena, worker->team * DEPTHWISE_SPACE(layer->height, layer->width));
    if (arena_fits(&plan.arena)) {
      return plan;
    }
    if (channels <= 2) {
      does_not_fit(worker, layer->name, plan.arena.bytes);
    }
  }
}

static void fetch(const struct worker *worker, struct transfers *in, const struct depthwise_layer *layer,
                  const struct depthwise_plan *plan, uint32_t block, const REAL *first, const REAL *second) {
  const uint32_t channel = block * plan->channels, channels = least(plan->channels, layer->channels - channel);
  struct block planes = {
      .l1 = plan->in[block & 1][0], .l2 = first + channel * layer->plane, .rows = 1, .row = channels * layer->plane};
  transfer(in, worker, 0, DMA_IN, &planes);
  if (second) {
    planes.l1 = plan->in[block & 1][1];
    planes.l2 = second + channel * layer->plane;
    transfer(in, worker, 1, DMA_IN, &planes);
  }
}

/* y from x, or dx from dy. */
static void convolve(const struct worker *worker, const struct depthwise_layer *layer, uint32_t step, const REAL *x,
                     const REAL *mask, REAL *y, uint32_t relu) {
  step_begins(layer->region, step);
  const struct depthwise_plan plan = plan_of(worker, layer, mask ? 2 : 1, 1, step);
  record_footprint(worker, layer->region, step, &plan.arena);
  struct transfers in = {0}, out = {0};
  const struct block weights = {
      .l1 = plan.weights, .l2 = layer->parameters.weights, .rows = 1, .row = layer->channels * DEPTHWISE_LD};
  const struct block bias = {.l1 = plan.bias, .l2 = layer->parameters.bias, .rows = 1, .row = layer->channels};
  transfer(&in, worker, 2, DMA_IN, &weights);
  transfer(&in, worker, 3, DMA_IN, &bias);
  fetch(worker, &in, layer, &plan, 0, x, mask);
  for (uint32_t block = 0; block < plan.blocks; block++) {
    wait_begins(layer->region, step);
    transfers_wait(&in);
    ennead_barrier();
    wait_ends(layer->region, step);
    if (block + 1 < plan.blocks) {
      fetch(worker, &in, layer, &plan, block + 1, x, mask);
    }
    const uint32_t channel = block * plan.channels, channels = least(plan.channels, layer->channels - channel);
    const struct depthwise job = {
        .x = plan.in[block & 1][0],
        .y = plan.out[block & 1],
        .weights = plan.weights + channel * DEPTHWISE_LD,
        .bias = step == FORWARD ? plan.bias + channel : NULL,
        .mask = mask ? plan.in[block & 1][1] : NULL,
        .space = plan.space,
        .channels = channels,
        .height = layer->height,
        .width = layer->width,
        .plane = layer->plane,
        .relu = relu,
        .reverse = step == INPUT_GRADIENT,
    };
    KERNEL(depthwise)(&job, worker->core, worker->team);
    ennead_barrier();
    transfers_wait(&out);
    const struct block planes = {
        .l1 = plan.out[block & 1], .l2 = y + channel * layer->plane, .rows = 1, .row = channels * layer->plane};
    transfer(&out, worker, 5, DMA_OUT, &planes);
  }
  wait_begins(layer->region, step);
  transfers_wait(&out);
  ennead_barrier();
  wait_ends(layer->region, step);
  step_ends(layer->region, step);
}

void depthwise_forward(const struct worker *worker, const struct depthwise_layer *layer, const REAL *x, REAL *y,
                       uint32_t relu) {
  convolve(worker, layer, FORWARD, x, NULL, y, relu);
}

void depthwise_input_gradient(const struct worker *worker, const struct depthwise_layer *layer, const REAL *dy,
                              const REAL *mask, REAL *dx) {
  convolve(worker, layer, INPUT_GRADIENT, dy, mask, dx, 0);
}

static void apply(const struct worker *worker, REAL *weights, uint32_t elements, const struct rates *rates) {
  const struct sgd sgd = {
      .w = (uint32_t *)weights,
      .v = (uint32_t *)(weights + elements),
      .dw = (const uint32_t *)(weights + 2 * elements),
      .words = elements / WORD,
      .rate = rates->rate,
      .momentum = rates->momentum,
      .decay = rates->decay,
  };
  KERNEL(sgd)(&sgd, worker->core, worker->team);
}

/* Weights, velocities and gradients lie one after the other. */
static void move_parameters(const struct worker *worker, struct transfers *transfers, uint32_t direction,
                            const struct depthwise_layer *layer, const struct depthwise_plan *plan) {
  const uint32_t weights = layer->channels * DEPTHWISE_LD, biases = layer->channels;
  const struct parameters *parameters = &layer->parameters;
  struct block block = {.l1 = plan->weights, .l2 = parameters->weights, .rows = 1, .row = weights};
  transfer(transfers, worker, 2, direction, &block);
  block.l1 += weights;
  block.l2 = parameters->weights_velocity;
  transfer(transfers, worker, 3, direction, &block);
  block = (struct block){.l1 = plan->bias, .l2 = parameters->bias, .rows = 1, .row = biases};
  transfer(transfers, worker, 4, direction, &block);
  block.l1 += biases;
  block.l2 = parameters->bias_velocity;
  transfer(transfers, worker, 5, direction, &block);
}

void depthwise_update(const struct worker *worker, const struct depthwise_layer *layer, const REAL *x, const REAL *dy,
                      const struct rates *rates) {
  step_begins(layer->region, WEIGHT_GRADIENT);
  const struct depthwise_plan plan = plan_of(worker, layer, 2, 0, WEIGHT_GRADIENT);
  record_footprint(worker, layer->region, WEIGHT_GRADIENT, &plan.arena);
  struct transfers in = {0}, parameters = {0};
  fetch(worker, &in, layer, &plan, 0, x, dy);
  move_parameters(worker, &parameters, DMA_IN, layer, &plan);
  REAL *const dw = plan.weights + 2 * layer->channels * DEPTHWISE_LD, *const db = plan.bias + 2 * layer->channels;
  for (uint32_t block = 0; block < plan.blocks; block++) {
    wait_begins(layer->region, WEIGHT_GRADIENT);
    transfers_wait(&in);
    ennead_barrier();
    wait_ends(layer->region, WEIGHT_GRADIENT);
    if (block + 1 < plan.blocks) {
      fetch(worker, &in, layer, &plan, block + 1, x, dy);
    }
    const uint32_t channel = block * plan.channels, channels = least(plan.channels, layer->channels - channel);
    const struct depthwise_gradient job = {
        .x = plan.in[block & 1][0],
        .dy = plan.in[block & 1][1],
        .dw = dw + channel * DEPTHWISE_LD,
        .db = db + channel,
        .space = plan.space,
        .channels = channels,
        .height = layer->height,
        .width = layer->width,
        .plane = layer->plane,
    };
    KERNEL(depthwise_gradient)(&job, worker->core, worker->team);
  }
  transfers_wait(&parameters);
  ennead_barrier();
  apply(worker, plan.weights, layer->channels * DEPTHWISE_LD, rates);
  apply(worker, plan.bias, layer->channels, rates);
  ennead_barrier();
  move_parameters(worker, &parameters, DMA_OUT, layer, &plan);
  transfers_wait(&parameters);
  ennead_barrier();
  step_ends(layer->region, WEIGHT_GRADIENT);
}
