/* Body of elementwise.c for one element type; included once for each. */
#if TYPE == F32
#define REAL float
#define PACKED float
#define NAME(name) name##_f32
#define OPERATION(name) name##_f32
#else
#define REAL f16
#define PACKED f16x2
#define NAME(name) name##_f16
#define OPERATION(name) name##_f16x2
#endif

/* Four words at a time are loaded before any is stored: y may be x. */
void NAME(relu)(uint32_t *y, const uint32_t *x, uint32_t words, uint32_t core, uint32_t team) {
  const struct span span = span_of(core, team, words);
  uint32_t i = span.begin;
  for (; i + 4 <= span.end; i += 4) {
    const uint32_t a = x[i], b = x[i + 1], c = x[i + 2], d = x[i + 3];
    y[i] = OPERATION(positive)(a);
    y[i + 1] = OPERATION(positive)(b);
    y[i + 2] = OPERATION(positive)(c);
    y[i + 3] = OPERATION(positive)(d);
  }
  for (; i < span.end; i++) {
    y[i] = OPERATION(positive)(x[i]);
  }
}

void NAME(relu_backward)(uint32_t *dx, const uint32_t *dy, const uint32_t *x, uint32_t words, uint32_t core,
                         uint32_t team) {
  const struct span span = span_of(core, team, words);
  uint32_t i = span.begin;
  for (; i + 4 <= span.end; i += 4) {
    const uint32_t a = x[i], b = x[i + 1], c = x[i + 2], d = x[i + 3];
    const uint32_t da = dy[i], db = dy[i + 1], dc = dy[i + 2], dd = dy[i + 3];
    dx[i] = da & OPERATION(positive_mask)(a);
    dx[i + 1] = db & OPERATION(positive_mask)(b);
    dx[i + 2] = dc & OPERATION(positive_mask)(c);
    dx[i + 3] = dd & OPERATION(positive_mask)(d);
  }
  for (; i < span.end; i++) {
    dx[i] = dy[i] & OPERATION(positive_mask)(x[i]);
  }
}

void NAME(sgd)(const struct sgd *sgd, uint32_t core, uint32_t team) {
  const PACKED rate = OPERATION(splat)(-sgd->rate);
  const PACKED momentum = OPERATION(splat)(sgd->momentum);
  const PACKED decay = OPERATION(splat)(sgd->decay);
  PACKED *restrict w = (PACKED *)sgd->w, *restrict v = (PACKED *)sgd->v;
  const PACKED *restrict dw = (const PACKED *)sgd->dw;
  const struct span span = span_of(core, team, sgd->words);
#pragma clang loop unroll_count(4)
  for (uint32_t i = span.begin; i < span.end; i++) {
    const PACKED gradient = OPERATION(fma)(w[i], decay, dw[i]);
    const PACKED velocity = OPERATION(fma)(v[i], momentum, gradient);
    v[i] = velocity;
    w[i] = OPERATION(fma)(velocity, rate, w[i]);
  }
}

void NAME(outer)(const struct outer *outer, uint32_t core, uint32_t team) {
  const uint32_t lanes = sizeof(PACKED) / sizeof(REAL);
  const PACKED *restrict x = (const PACKED *)outer->x;
  for (uint32_t row = core; row < outer->n; row += team) {
    const PACKED dy = OPERATION(splat)((float)((const REAL *)outer->dy)[row]);
    PACKED *restrict to = (PACKED *)outer->dw + row * (outer->ld / lanes);
#pragma clang loop unroll_count(4)
    for (uint32_t i = 0; i < outer->words; i++) {
      to[i] = OPERATION(multiply)(x[i], dy);
    }
  }
}

#undef REAL
#undef PACKED
#undef NAME
#undef OPERATION
