/* Body of head.c for one element type; included once for each. */
#include "element.h"

void NAME(pool)(const struct pool *pool, uint32_t core, uint32_t team) {
  const REAL scale = NAME(narrow)(pool->scale);
  for (uint32_t channel = core; channel < pool->channels; channel += team) {
    const REAL *from = (const REAL *)pool->x + channel * pool->plane;
    REAL sum = ZERO;
    for (uint32_t i = 0; i < pool->positions; i++) {
      sum = NAME(add)(sum, from[i]);
    }
    ((REAL *)pool->pooled)[channel] = NAME(multiply)(sum, scale);
  }
}

void NAME(pool_gradient)(const struct pool_gradient *pool, uint32_t core, uint32_t team) {
  const REAL scale = NAME(narrow)(pool->scale);
  const uint32_t positions = pool->positions;
  for (uint32_t channel = core; channel < pool->channels; channel += team) {
    union {
      REAL value;
      SIGNED bits;
    } share = {.value = NAME(multiply)(((const REAL *)pool->d_pooled)[channel], scale)};
    const SIGNED *x = (const SIGNED *)pool->x + channel * pool->plane;
    SIGNED *dx = (SIGNED *)pool->dx + channel * pool->plane;
    uint32_t i = 0;
    for (; i < positions; i++) {
      dx[i] = x[i] > 0 ? share.bits : 0;
    }
    for (; i < pool->plane; i++) {
      dx[i] = 0;
    }
  }
}

void NAME(cross_entropy)(const REAL *logits, REAL *d, uint32_t classes, uint32_t label, REAL *loss) {
  enum { MOST = 32 };
  float powers[MOST];
  float greatest = NAME(widen)(logits[0]);
  for (uint32_t i = 1; i < classes; i++) {
    const float logit = NAME(widen)(logits[i]);
    greatest = logit > greatest ? logit : greatest;
  }
  float sum = 0.0f;
  for (uint32_t i = 0; i < classes; i++) {
    const float distance = NAME(widen)(logits[i]) - greatest;
    powers[i] = exponential(distance);
    sum = sum + powers[i];
  }
  for (uint32_t i = 0; i < classes; i++) {
    const float share = powers[i] / sum;
    d[i] = NAME(narrow)(i == label ? share - 1.0f : share);
  }
  const float distance = NAME(widen)(logits[label]) - greatest;
  *loss = NAME(narrow)(logarithm(sum) - distance);
}
