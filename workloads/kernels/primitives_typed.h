/* Body of primitives.c for one element type; included once for each. */
#include "element.h"
#undef EACH_PLANE
#undef EACH_WINDOW

/* Runs the body for each plane of this worker, with x and y at its beginning. */
#define EACH_PLANE(...)                                                                                        \
  const uint32_t plane = job->height * job->width;                                                             \
  for (uint32_t channel = core; channel < job->channels; channel += team) {                                    \
    const REAL *x = (const REAL *)job->x + channel * plane;                                                    \
    REAL *y = (REAL *)job->y + channel * plane;                                                                \
    __VA_ARGS__                                                                                                \
  }

void NAME(leaky_relu)(const struct primitive *job, uint32_t core, uint32_t team) {
  const REAL slope = NAME(narrow)(job->factor);
  EACH_PLANE({
    for (uint32_t i = 0; i < plane; i++) {
      const REAL low = NAME(multiply)(x[i], slope);
      y[i] = NAME(above)(x[i], ZERO) ? x[i] : low;
    }
  })
}

void NAME(leaky_relu_backward)(const struct primitive *job, uint32_t core, uint32_t team) {
  const REAL slope = NAME(narrow)(job->factor);
  EACH_PLANE({
    const REAL *dy = (const REAL *)job->dy + channel * plane;
    for (uint32_t i = 0; i < plane; i++) {
      const REAL low = NAME(multiply)(dy[i], slope);
      y[i] = NAME(above)(x[i], ZERO) ? dy[i] : low;
    }
  })
}

/* The body sees the two lines of x in `top` and `bottom`, and element `at` of the pooled plane `small`. */
#define EACH_WINDOW(type, small_planes, ...)                                                                   \
  const uint32_t width = job->width, pooled = job->height / 2 * (width / 2);                                   \
  for (uint32_t channel = core; channel < job->channels; channel += team) {                                    \
    const uint32_t first = channel * job->height * width;                                                      \
    type *small = (type *)(small_planes) + channel * pooled;                                                   \
    for (uint32_t line = 0, at = 0; line < job->height; line += 2) {                                           \
      for (uint32_t column = 0; column < width; column += 2, at++) {                                           \
        const uint32_t top = first + line * width + column, bottom = top + width;                              \
        __VA_ARGS__                                                                                            \
      }                                                                                                        \
    }                                                                                                          \
  }

void NAME(max_pool)(const struct primitive *job, uint32_t core, uint32_t team) {
  const REAL *x = job->x;
  EACH_WINDOW(REAL, job->y, {
    REAL most = x[top];
    most = NAME(above)(x[top + 1], most) ? x[top + 1] : most;
    most = NAME(above)(x[bottom], most) ? x[bottom] : most;
    small[at] = NAME(above)(x[bottom + 1], most) ? x[bottom + 1] : most;
  })
}

void NAME(max_pool_backward)(const struct primitive *job, uint32_t core, uint32_t team) {
  const REAL *x = job->x;
  REAL *dx = job->y;
  EACH_WINDOW(const REAL, job->dy, {
    uint32_t most = top;
    most = NAME(above)(x[top + 1], x[most]) ? top + 1 : most;
    most = NAME(above)(x[bottom], x[most]) ? bottom : most;
    most = NAME(above)(x[bottom + 1], x[most]) ? bottom + 1 : most;
    dx[top] = dx[top + 1] = dx[bottom] = dx[bottom + 1] = ZERO;
    dx[most] = small[at];
  })
}

void NAME(average_pool)(const struct primitive *job, uint32_t core, uint32_t team) {
  const REAL quarter = NAME(narrow)(0.25f);
  const REAL *x = job->x;
  EACH_WINDOW(REAL, job->y, {
    const REAL above = NAME(add)(x[top], x[top + 1]);
    const REAL below = NAME(add)(x[bottom], x[bottom + 1]);
    const REAL sum = NAME(add)(above, below);
    small[at] = NAME(multiply)(sum, quarter);
  })
}

void NAME(average_pool_backward)(const struct primitive *job, uint32_t core, uint32_t team) {
  const REAL quarter = NAME(narrow)(0.25f);
  REAL *dx = job->y;
  EACH_WINDOW(const REAL, job->dy, {
    const REAL share = NAME(multiply)(small[at], quarter);
    dx[top] = dx[top + 1] = dx[bottom] = dx[bottom + 1] = share;
  })
}

/* Mean and 1 / sqrt(variance + factor) of a plane. */
static void NAME(statistics)(const REAL *x, uint32_t plane, float epsilon, float *mean, float *scale) {
  const float share = 1.0f / (float)plane;
  float sum = 0.0f, squares = 0.0f;
  for (uint32_t i = 0; i < plane; i++) {
    sum = sum + NAME(widen)(x[i]);
  }
  *mean = sum * share;
  for (uint32_t i = 0; i < plane; i++) {
    const float distance = NAME(widen)(x[i]) - *mean;
    squares = fma_f32(distance, distance, squares);
  }
  *scale = 1.0f / root(fma_f32(squares, share, epsilon));
}

void NAME(normalise)(const struct primitive *job, uint32_t core, uint32_t team) {
  const REAL *scales = job->parameters, *shifts = scales + job->channels;
  EACH_PLANE({
    float mean, scale;
    NAME(statistics)(x, plane, job->factor, &mean, &scale);
    const float gain = scale * NAME(widen)(scales[channel]), shift = NAME(widen)(shifts[channel]);
    for (uint32_t i = 0; i < plane; i++) {
      const float distance = NAME(widen)(x[i]) - mean;
      y[i] = NAME(narrow)(fma_f32(distance, gain, shift));
    }
  })
}

void NAME(normalise_backward)(const struct primitive *job, uint32_t core, uint32_t team) {
  const REAL *scales = job->parameters;
  REAL *d_scales = (REAL *)job->y + job->channels * job->height * job->width, *d_shifts = d_scales + job->channels;
  EACH_PLANE({
    const REAL *dy = (const REAL *)job->dy + channel * plane;
    const float share = 1.0f / (float)plane;
    float mean, scale, along = 0.0f, total = 0.0f;
    NAME(statistics)(x, plane, job->factor, &mean, &scale);
    for (uint32_t i = 0; i < plane; i++) {
      const float distance = NAME(widen)(x[i]) - mean;
      along = fma_f32(distance, NAME(widen)(dy[i]), along);
      total = total + NAME(widen)(dy[i]);
    }
    along = along * scale;
    d_scales[channel] = NAME(narrow)(along);
    d_shifts[channel] = NAME(narrow)(total);
    const float gain = scale * NAME(widen)(scales[channel]);
    const float slope = -(along * share * scale), offset = total * share;
    for (uint32_t i = 0; i < plane; i++) {
      const float distance = NAME(widen)(x[i]) - mean;
      const float rest = NAME(widen)(dy[i]) - offset;
      y[i] = NAME(narrow)(gain * fma_f32(distance, slope, rest));
    }
  })
}

void NAME(squared_error)(const struct primitive *job, uint32_t core, uint32_t team) {
  const REAL factor = NAME(narrow)(job->factor);
  EACH_PLANE({
    const REAL *target = (const REAL *)job->dy + channel * plane;
    REAL sum = ZERO;
    for (uint32_t i = 0; i < plane; i++) {
      const REAL error = NAME(subtract)(x[i], target[i]);
      sum = NAME(fma)(error, error, sum);
      y[i] = NAME(multiply)(error, factor);
    }
    ((REAL *)job->y)[job->channels * plane + channel] = sum;
  })
}

void NAME(transpose)(const struct primitive *job, uint32_t core, uint32_t team) {
  const uint32_t channels = job->channels;
  EACH_PLANE({
    y = (REAL *)job->y + channel;
    for (uint32_t i = 0; i < plane; i++, y += channels) {
      *y = x[i];
    }
  })
}

/* From binary32; to binary32 from binary16. */
#if TYPE == F32
#define OTHER f16
#define CONVERT widen_f16
#else
#define OTHER float
#define CONVERT NAME(narrow)
#endif
void NAME(cast)(const struct primitive *job, uint32_t core, uint32_t team) {
  const uint32_t plane = job->height * job->width;
  for (uint32_t channel = core; channel < job->channels; channel += team) {
    const OTHER *x = (const OTHER *)job->x + channel * plane;
    REAL *y = (REAL *)job->y + channel * plane;
    for (uint32_t i = 0; i < plane; i++) {
      y[i] = CONVERT(x[i]);
    }
  }
}

#undef OTHER
#undef CONVERT
