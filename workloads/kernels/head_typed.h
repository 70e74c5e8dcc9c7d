/* Body of head.c for one element type; included once for each. */
#if TYPE == F32
#define REAL float
#define BITS int32_t
#define NAME(name) name##_f32
#else
#define REAL f16
#define BITS int16_t
#define NAME(name) name##_f16
#endif

void NAME(pool)(const struct pool *pool, uint32_t core, uint32_t team) {
  const REAL scale = (REAL)pool->scale;
  for (uint32_t channel = core; channel < pool->channels; channel += team) {
    const REAL *from = (const REAL *)pool->x + channel * pool->plane;
    REAL sum = 0;
    for (uint32_t i = 0; i < pool->positions; i++) {
      sum = sum + from[i];
    }
    ((REAL *)pool->pooled)[channel] = sum * scale;
  }
}

void NAME(pool_gradient)(const struct pool_gradient *pool, uint32_t core, uint32_t team) {
  const REAL scale = (REAL)pool->scale;
  const uint32_t positions = pool->positions;
  for (uint32_t channel = core; channel < pool->channels; channel += team) {
    union {
      REAL value;
      BITS bits;
    } share = {.value = ((const REAL *)pool->d_pooled)[channel] * scale};
    const BITS *x = (const BITS *)pool->x + channel * pool->plane;
    BITS *dx = (BITS *)pool->dx + channel * pool->plane;
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
  float greatest = (float)logits[0];
  for (uint32_t i = 1; i < classes; i++) {
    const float logit = (float)logits[i];
    greatest = logit > greatest ? logit : greatest;
  }
  float sum = 0.0f;
  for (uint32_t i = 0; i < classes; i++) {
    const float distance = (float)logits[i] - greatest;
    powers[i] = exponential(distance);
    sum = sum + powers[i];
  }
  for (uint32_t i = 0; i < classes; i++) {
    const float share = powers[i] / sum;
    d[i] = (REAL)(i == label ? share - 1.0f : share);
  }
  const float distance = (float)logits[label] - greatest;
  *loss = (REAL)(logarithm(sum) - distance);
}

#undef REAL
#undef BITS
#undef NAME
