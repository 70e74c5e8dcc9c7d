/* Body of elementwise.c for one element type; included once for each. */
#include "element.h"

/* Four words at a time are loaded before any is stored: the result may lie where an operand does. */
void NAME(relu)(uint32_t *y, const uint32_t *x, uint32_t words, uint32_t core, uint32_t team) {
  const struct span span = span_of(core, team, words);
  uint32_t count = span.end - span.begin;
  x += span.begin;
  y += span.begin;
  for (; count >= 4; count -= 4, x += 4, y += 4) {
    const uint32_t a = x[0], b = x[1], c = x[2], d = x[3];
    y[0] = OPERATION(positive)(a);
    y[1] = OPERATION(positive)(b);
    y[2] = OPERATION(positive)(c);
    y[3] = OPERATION(positive)(d);
  }
  for (; count > 0; count--) {
    *y++ = OPERATION(positive)(*x++);
  }
}

void NAME(relu_backward)(uint32_t *dx, const uint32_t *dy, const uint32_t *x, uint32_t words, uint32_t core,
                         uint32_t team) {
  const struct span span = span_of(core, team, words);
  uint32_t count = span.end - span.begin;
  x += span.begin;
  dy += span.begin;
  dx += span.begin;
  for (; count >= 4; count -= 4, x += 4, dy += 4, dx += 4) {
    const uint32_t a = x[0], b = x[1], c = x[2], d = x[3];
    const uint32_t da = dy[0], db = dy[1], dc = dy[2], dd = dy[3];
    dx[0] = da & OPERATION(positive_mask)(a);
    dx[1] = db & OPERATION(positive_mask)(b);
    dx[2] = dc & OPERATION(positive_mask)(c);
    dx[3] = dd & OPERATION(positive_mask)(d);
  }
  for (; count > 0; count--) {
    *dx++ = *dy++ & OPERATION(positive_mask)(*x++);
  }
}

void NAME(sgd)(const struct sgd *sgd, uint32_t core, uint32_t team) {
  const PACKED rate = OPERATION(splat)(-sgd->rate);
  const PACKED momentum = OPERATION(splat)(sgd->momentum);
  const PACKED decay = OPERATION(splat)(sgd->decay);
  const struct span span = span_of(core, team, sgd->words);
  PACKED *w = (PACKED *)sgd->w + span.begin, *v = (PACKED *)sgd->v + span.begin;
  const PACKED *dw = (const PACKED *)sgd->dw + span.begin;
  uint32_t count = span.end - span.begin;
  for (; count >= 2; count -= 2, w += 2, v += 2, dw += 2) {
    const PACKED w0 = w[0], w1 = w[1], v0 = v[0], v1 = v[1];
    const PACKED gradient0 = OPERATION(fma)(w0, decay, dw[0]), gradient1 = OPERATION(fma)(w1, decay, dw[1]);
    const PACKED velocity0 = OPERATION(fma)(v0, momentum, gradient0);
    const PACKED velocity1 = OPERATION(fma)(v1, momentum, gradient1);
    v[0] = velocity0;
    v[1] = velocity1;
    w[0] = OPERATION(fma)(velocity0, rate, w0);
    w[1] = OPERATION(fma)(velocity1, rate, w1);
  }
  if (count > 0) {
    *v = OPERATION(fma)(*v, momentum, OPERATION(fma)(*w, decay, *dw));
    *w = OPERATION(fma)(*v, rate, *w);
  }
}

void NAME(outer)(const struct outer *outer, uint32_t core, uint32_t team) {
  for (uint32_t row = core; row < outer->n; row += team) {
    const PACKED dy = OPERATION(splat)(NAME(widen)(((const REAL *)outer->dy)[row]));
    PACKED *to = (PACKED *)outer->dw + row * (outer->ld / LANES);
    const PACKED *x = (const PACKED *)outer->x;
    uint32_t count = outer->words;
    for (; count >= 4; count -= 4, x += 4, to += 4) {
      const PACKED a = x[0], b = x[1], c = x[2], d = x[3];
      to[0] = OPERATION(multiply)(a, dy);
      to[1] = OPERATION(multiply)(b, dy);
      to[2] = OPERATION(multiply)(c, dy);
      to[3] = OPERATION(multiply)(d, dy);
    }
    for (; count > 0; count--) {
      *to++ = OPERATION(multiply)(*x++, dy);
    }
  }
}
