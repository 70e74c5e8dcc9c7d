/* The input gradient of a convolution with stride s, by phases: positions with the same remainder by s meet the same taps,
 * and for them the gradient is a convolution with stride 1 of those taps in reverse order. */
#ifndef ENNEAD_PHASES_H
#define ENNEAD_PHASES_H

#include <stdint.h>

/* The taps of one direction that meet the positions phase, phase + stride, ...: last, last - stride, ... */
struct taps {
  uint32_t last, count;
  int32_t padding; /* of that convolution over the gradient; may be negative */
};

static inline struct taps taps_of(uint32_t kernel, uint32_t stride, uint32_t padding, uint32_t phase) {
  struct taps taps = {.count = 0};
  for (uint32_t tap = (phase + padding) % stride; tap < kernel; tap += stride) {
    taps.last = tap;
    taps.count++;
  }
  if (taps.count > 0) {
    taps.padding = ((int32_t)taps.last - (int32_t)phase - (int32_t)padding) / (int32_t)stride;
  }
  return taps;
}

#endif
