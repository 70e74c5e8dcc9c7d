/* The loops of head.h. */
#include "head.h"

union bits {
  float value;
  int32_t word;
};

/* e^x for x <= 0: x = n log 2 + r, a polynomial of degree 6 in r, times 2^n. */
static float exponential(float x) {
  if (x < -80.0f) {
    return 0.0f;
  }
  const int32_t n = (int32_t)fma_f32(x, 0x1.715476p+0f, -0.5f);
  float r = fma_f32((float)n, -0x1.62e4p-1f, x);
  r = fma_f32((float)n, -0x1.7f7d1cp-20f, r);
  float p = fma_f32(r, 0x1.6c16c2p-10f, 0x1.111112p-7f);
  p = fma_f32(p, r, 0x1.555556p-5f);
  p = fma_f32(p, r, 0x1.555556p-3f);
  p = fma_f32(p, r, 0.5f);
  p = fma_f32(p, r, 1.0f);
  p = fma_f32(p, r, 1.0f);
  union bits result = {.value = p};
  result.word += n * (1 << 23);
  return result.value;
}

/* log x for x >= 1: x = m 2^k with m within a factor of sqrt 2 of 1, and log m = 2 atanh((m - 1) / (m + 1)). */
static float logarithm(float x) {
  union bits m = {.value = x};
  int32_t k = (m.word >> 23) - 127;
  m.word -= k * (1 << 23);
  if (m.value > 0x1.6a09e6p+0f) {
    m.word -= 1 << 23;
    k++;
  }
  const float above = m.value - 1.0f, below = m.value + 1.0f;
  const float s = above / below;
  const float t = s * s;
  float p = fma_f32(t, 0x1.c71c72p-3f, 0x1.24924ap-2f);
  p = fma_f32(p, t, 0x1.99999ap-2f);
  p = fma_f32(p, t, 0x1.555556p-1f);
  p = fma_f32(p, t, 2.0f);
  const float mantissa = s * p;
  return fma_f32((float)k, 0x1.62e43p-1f, mantissa);
}

#define TYPE F32
#include "head_typed.h"
#undef TYPE
#define TYPE F16
#include "head_typed.h"
#undef TYPE
#define TYPE BF16
#include "head_typed.h"
