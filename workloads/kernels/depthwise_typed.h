/* Body of depthwise.c for one element type; included once for each. */
#include "element.h"

static REAL *NAME(space)(void *space, uint32_t height, uint32_t width, uint32_t core) {
  REAL *mine = (REAL *)space + core * DEPTHWISE_SPACE(height, width);
  for (uint32_t i = 0; i < DEPTHWISE_SPACE(height, width); i++) {
    mine[i] = ZERO;
  }
  return mine;
}

static void NAME(surround)(REAL *space, const REAL *plane, uint32_t height, uint32_t width) {
  REAL *to = space + width + 3;
  for (uint32_t y = height; y > 0; y--, to += 2) {
    for (uint32_t x = width; x > 0; x--) {
      *to++ = *plane++;
    }
  }
}

void NAME(depthwise)(const struct depthwise *job, uint32_t core, uint32_t team) {
  const uint32_t height = job->height, width = job->width, line = width + 2, relu = job->relu;
  REAL *space = NAME(space)(job->space, height, width, core);
  for (uint32_t channel = core; channel < job->channels; channel += team) {
    NAME(surround)(space, (const REAL *)job->x + channel * job->plane, height, width);
    const REAL *weights = (const REAL *)job->weights + channel * DEPTHWISE_LD;
    const int32_t step = job->reverse ? -1 : 1;
    const REAL *w = job->reverse ? weights + 8 : weights;
    const REAL w0 = w[0], w1 = w[step], w2 = w[2 * step], w3 = w[3 * step], w4 = w[4 * step], w5 = w[5 * step],
               w6 = w[6 * step], w7 = w[7 * step], w8 = w[8 * step];
    const REAL start = job->bias ? ((const REAL *)job->bias)[channel] : ZERO;
    REAL *to = (REAL *)job->y + channel * job->plane;
    const REAL *mask = job->mask ? (const REAL *)job->mask + channel * job->plane : NULL;
    const REAL *top = space;
    for (uint32_t y = height; y > 0; y--, top += 2) {
      uint32_t x = width;
      for (; x >= 2; x -= 2, top += 2) {
        const REAL *middle = top + line, *bottom = middle + line;
        REAL a = start, b = start;
        REAL e = top[0], f = top[1], g = top[2], h = top[3];
        a = NAME(fma)(e, w0, a), b = NAME(fma)(f, w0, b);
        a = NAME(fma)(f, w1, a), b = NAME(fma)(g, w1, b);
        a = NAME(fma)(g, w2, a), b = NAME(fma)(h, w2, b);
        e = middle[0], f = middle[1], g = middle[2], h = middle[3];
        a = NAME(fma)(e, w3, a), b = NAME(fma)(f, w3, b);
        a = NAME(fma)(f, w4, a), b = NAME(fma)(g, w4, b);
        a = NAME(fma)(g, w5, a), b = NAME(fma)(h, w5, b);
        e = bottom[0], f = bottom[1], g = bottom[2], h = bottom[3];
        a = NAME(fma)(e, w6, a), b = NAME(fma)(f, w6, b);
        a = NAME(fma)(f, w7, a), b = NAME(fma)(g, w7, b);
        a = NAME(fma)(g, w8, a), b = NAME(fma)(h, w8, b);
        *to++ = a;
        *to++ = b;
      }
      if (x > 0) {
        const REAL *middle = top + line, *bottom = middle + line;
        REAL a = NAME(fma)(top[0], w0, start);
        a = NAME(fma)(top[1], w1, a);
        a = NAME(fma)(top[2], w2, a);
        a = NAME(fma)(middle[0], w3, a);
        a = NAME(fma)(middle[1], w4, a);
        a = NAME(fma)(middle[2], w5, a);
        a = NAME(fma)(bottom[0], w6, a);
        a = NAME(fma)(bottom[1], w7, a);
        *to++ = NAME(fma)(bottom[2], w8, a);
        top++;
      }
    }
    uint32_t rest = job->plane - height * width;
    for (; rest > 0; rest--) {
      *to++ = ZERO;
    }
    /* A plane is whole words. */
    uint32_t *words = (uint32_t *)((REAL *)job->y + channel * job->plane);
    const uint32_t count = job->plane * sizeof(REAL) / 4;
    if (relu) {
      for (uint32_t i = 0; i < count; i++) {
        words[i] = OPERATION(positive)(words[i]);
      }
    }
    if (mask) {
      const uint32_t *above = (const uint32_t *)mask;
      for (uint32_t i = 0; i < count; i++) {
        words[i] &= OPERATION(positive_mask)(above[i]);
      }
    }
  }
}

void NAME(depthwise_gradient)(const struct depthwise_gradient *job, uint32_t core, uint32_t team) {
  const uint32_t height = job->height, width = job->width, line = width + 2;
  REAL *space = NAME(space)(job->space, height, width, core);
  for (uint32_t channel = core; channel < job->channels; channel += team) {
    NAME(surround)(space, (const REAL *)job->x + channel * job->plane, height, width);
    const REAL *dy = (const REAL *)job->dy + channel * job->plane;
    REAL s0 = ZERO, s1 = ZERO, s2 = ZERO, s3 = ZERO, s4 = ZERO, s5 = ZERO, s6 = ZERO, s7 = ZERO, s8 = ZERO, sum = ZERO;
    const REAL *top = space;
    for (uint32_t y = height; y > 0; y--, top += 2) {
      uint32_t x = width;
      for (; x >= 2; x -= 2, top += 2) {
        const REAL *middle = top + line, *bottom = middle + line;
        const REAL p = dy[0], q = dy[1];
        dy += 2;
        REAL e = top[0], f = top[1], g = top[2], h = top[3];
        s0 = NAME(fma)(e, p, s0), s1 = NAME(fma)(f, p, s1), s2 = NAME(fma)(g, p, s2);
        s0 = NAME(fma)(f, q, s0), s1 = NAME(fma)(g, q, s1), s2 = NAME(fma)(h, q, s2);
        e = middle[0], f = middle[1], g = middle[2], h = middle[3];
        s3 = NAME(fma)(e, p, s3), s4 = NAME(fma)(f, p, s4), s5 = NAME(fma)(g, p, s5);
        s3 = NAME(fma)(f, q, s3), s4 = NAME(fma)(g, q, s4), s5 = NAME(fma)(h, q, s5);
        sum = NAME(add)(sum, p);
        e = bottom[0], f = bottom[1], g = bottom[2], h = bottom[3];
        s6 = NAME(fma)(e, p, s6), s7 = NAME(fma)(f, p, s7), s8 = NAME(fma)(g, p, s8);
        s6 = NAME(fma)(f, q, s6), s7 = NAME(fma)(g, q, s7), s8 = NAME(fma)(h, q, s8);
        sum = NAME(add)(sum, q);
      }
      if (x > 0) {
        const REAL *middle = top + line, *bottom = middle + line;
        const REAL p = *dy++;
        s0 = NAME(fma)(top[0], p, s0), s1 = NAME(fma)(top[1], p, s1), s2 = NAME(fma)(top[2], p, s2);
        s3 = NAME(fma)(middle[0], p, s3), s4 = NAME(fma)(middle[1], p, s4), s5 = NAME(fma)(middle[2], p, s5);
        s6 = NAME(fma)(bottom[0], p, s6), s7 = NAME(fma)(bottom[1], p, s7), s8 = NAME(fma)(bottom[2], p, s8);
        sum = NAME(add)(sum, p);
        top++;
      }
    }
    REAL *dw = (REAL *)job->dw + channel * DEPTHWISE_LD;
    dw[0] = s0, dw[1] = s1, dw[2] = s2, dw[3] = s3, dw[4] = s4, dw[5] = s5, dw[6] = s6, dw[7] = s7, dw[8] = s8;
    dw[9] = ZERO;
    ((REAL *)job->db)[channel] = sum;
  }
}
