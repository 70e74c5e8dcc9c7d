/* The end of a classifier, whole in L1. */
#include "elementwise.h"
#include "head.h"
#include "layout.h"
#include "matmul.h"
#include "matmul_dot.h"
#include "tiles.h"

static void apply(const struct worker *worker, REAL *w, REAL *v, const REAL *dw, uint32_t elements, const struct rates *rates) {
  const struct sgd sgd = {
      .w = (uint32_t *)w,
      .v = (uint32_t *)v,
      .dw = (const uint32_t *)dw,
      .words = elements / WORD,
      .rate = rates->rate,
      .momentum = rates->momentum,
      .decay = rates->decay,
  };
  KERNEL(sgd)(&sgd, worker->core, worker->team);
}

void classifier_step(const struct worker *worker, const struct classifier *layer, const REAL *x, REAL *dx, uint32_t label,
                     REAL *results, const struct rates *rates) {
  const uint32_t core = worker->core, team = worker->team;
  const uint32_t channels = layer->channels, classes = layer->classes, ld = layer->parameters.ld;
  step_begins(layer->region, FORWARD);
  struct arena arena = EMPTY_ARENA;
  REAL *planes = arena_reals(&arena, channels * layer->plane);
  REAL *weights = arena_reals(&arena, classes * ld), *velocity = arena_reals(&arena, classes * ld);
  REAL *gradient = arena_reals(&arena, classes * ld);
  REAL *bias = arena_reals(&arena, classes), *bias_velocity = arena_reals(&arena, classes);
  REAL *pooled = arena_reals(&arena, channels), *d_pooled = arena_reals(&arena, channels);
  REAL *outputs = arena_reals(&arena, 1 + classes + 1); /* the loss, the logits */
  REAL *logits = arena_reals(&arena, classes), *d_logits = arena_reals(&arena, classes);
  uint32_t *sums = arena_take(&arena, classes, 4);
  if (!arena_fits(&arena)) {
    does_not_fit(worker, layer->name, arena.bytes);
  }
  record_footprint(worker, layer->region, FORWARD, &arena);
  const struct block moves[] = {
      {.l1 = planes, .l2 = x, .rows = 1, .row = channels * layer->plane},
      {.l1 = weights, .l2 = layer->parameters.weights, .rows = 1, .row = classes * ld},
      {.l1 = velocity, .l2 = layer->parameters.weights_velocity, .rows = 1, .row = classes * ld},
      {.l1 = bias, .l2 = layer->parameters.bias, .rows = 1, .row = classes},
      {.l1 = bias_velocity, .l2 = layer->parameters.bias_velocity, .rows = 1, .row = classes},
  };
  struct transfers transfers = {0};
  for (uint32_t i = 0; i < 5; i++) {
    transfer(&transfers, worker, i, DMA_IN, &moves[i]);
  }
  clear_words(sums, classes, core, team);
  clear_words((uint32_t *)gradient, classes * ld / WORD, core, team);
  transfers_wait(&transfers);
  ennead_barrier();

  const float scale = 1.0f / (float)layer->positions;
  const struct pool pool = {planes, pooled, channels, layer->positions, layer->plane, scale};
  KERNEL(pool)(&pool, core, team);
  ennead_barrier();
  const struct matmul_dot forward = {
      .a = weights, .b = pooled, .sums = sums, .lda = ld, .ldb = channels, .n = classes, .m = 1, .k = channels};
  KERNEL(matmul_dot)(&forward, core, team);
  ennead_barrier();
  if (core == 0) {
    KERNEL(finish_sums)(logits, sums, bias, classes, 0, 1);
    KERNEL(cross_entropy)(logits, d_logits, classes, label, &outputs[0]);
    for (uint32_t i = 0; i < classes; i++) {
      outputs[1 + i] = logits[i];
    }
  }
  ennead_barrier();
  step_ends(layer->region, FORWARD);

  step_begins(layer->region, INPUT_GRADIENT);
  const struct matmul back = {.a = d_logits,
                              .b = weights,
                              .c = d_pooled,
                              .lda = classes,
                              .ldb = ld,
                              .ldc = channels,
                              .n = 1,
                              .m = channels,
                              .k = classes};
  KERNEL(matmul)(&back, core, team);
  ennead_barrier();
  const struct pool_gradient spread = {planes, d_pooled, planes, channels, layer->positions, layer->plane, scale};
  KERNEL(pool_gradient)(&spread, core, team);
  ennead_barrier();
  struct block result = {.l1 = planes, .l2 = dx, .rows = 1, .row = channels * layer->plane};
  transfer(&transfers, worker, 0, DMA_OUT, &result);
  step_ends(layer->region, INPUT_GRADIENT);

  step_begins(layer->region, WEIGHT_GRADIENT);
  const struct outer outer = {.dy = d_logits,
                              .x = (const uint32_t *)pooled,
                              .dw = (uint32_t *)gradient,
                              .n = classes,
                              .words = channels / WORD,
                              .ld = ld};
  KERNEL(outer)(&outer, core, team);
  ennead_barrier();
  apply(worker, weights, velocity, gradient, classes * ld, rates);
  apply(worker, bias, bias_velocity, d_logits, classes, rates);
  ennead_barrier();
  for (uint32_t i = 1; i < 5; i++) {
    transfer(&transfers, worker, i, DMA_OUT, &moves[i]);
  }
  result = (struct block){.l1 = outputs, .l2 = results, .rows = 1, .row = 1 + classes};
  transfer(&transfers, worker, 5, DMA_OUT, &result);
  transfers_wait(&transfers);
  ennead_barrier();
  step_ends(layer->region, WEIGHT_GRADIENT);
}
