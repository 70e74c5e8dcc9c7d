/* Body of depthwise_any.c for one element type; included once for each. */
#include "element.h"

/* The work space of a worker with a plane in it; returns where the plane begins, and the step between lines. */
static REAL *NAME(surround)(const struct depthwise_any *job, const REAL *plane, uint32_t height, uint32_t width,
                            uint32_t core, uint32_t *line) {
  const uint32_t margin = job->kernel - 1;
  REAL *space = (REAL *)job->space + core * job->space_elements;
  *line = width + 2 * margin;
  for (uint32_t i = 0; i < (height + 2 * margin) * *line; i++) {
    space[i] = ZERO;
  }
  REAL *begin = space + margin * *line + margin;
  for (REAL *to = begin; height > 0; height--, to += 2 * margin) {
    for (uint32_t x = width; x > 0; x--) {
      *to++ = *plane++;
    }
  }
  return begin;
}

/* Outputs `to` of `lines` x `columns` positions, each a chain from `start` along `tap_lines` x `tap_columns` taps. */
struct NAME(walk) {
  const REAL *from;
  uint32_t from_line, from_next, from_tap_line; /* elements between lines, neighbours, and lines of taps */
  REAL *to;
  uint32_t to_line, to_next;
  const REAL *weights;
  int32_t weight_line, weight_next;
  uint32_t lines, columns, tap_lines, tap_columns;
  REAL start;
};

static void NAME(walk)(const struct NAME(walk) *walk) {
  const uint32_t next = walk->from_next, tap_columns = walk->tap_columns;
  const int32_t weight_next = walk->weight_next;
  for (uint32_t line = 0; line < walk->lines; line++) {
    const REAL *from = walk->from + line * walk->from_line;
    REAL *to = walk->to + line * walk->to_line;
    uint32_t left = walk->columns;
    for (; left >= 4; left -= 4, from += 4 * next) {
      REAL a = walk->start, b = a, c = a, d = a;
      const REAL *weights = walk->weights, *tap_line = from;
      for (uint32_t y = walk->tap_lines; y > 0; y--, weights += walk->weight_line, tap_line += walk->from_tap_line) {
        const REAL *weight = weights, *tap = tap_line;
        for (uint32_t x = tap_columns; x > 0; x--, weight += weight_next, tap++) {
          const REAL w = *weight, e = tap[0], f = tap[next], g = tap[2 * next], h = tap[3 * next];
          a = NAME(fma)(e, w, a);
          b = NAME(fma)(f, w, b);
          c = NAME(fma)(g, w, c);
          d = NAME(fma)(h, w, d);
        }
      }
      to[0] = a;
      to[walk->to_next] = b;
      to[2 * walk->to_next] = c;
      to[3 * walk->to_next] = d;
      to += 4 * walk->to_next;
    }
    for (; left > 0; left--, from += next, to += walk->to_next) {
      REAL sum = walk->start;
      const REAL *weights = walk->weights, *tap_line = from;
      for (uint32_t y = walk->tap_lines; y > 0; y--, weights += walk->weight_line, tap_line += walk->from_tap_line) {
        const REAL *weight = weights, *tap = tap_line;
        for (uint32_t x = tap_columns; x > 0; x--, weight += weight_next) {
          sum = NAME(fma)(*tap++, *weight, sum);
        }
      }
      *to = sum;
    }
  }
}

void NAME(depthwise_any)(const struct depthwise_any *job, uint32_t core, uint32_t team) {
  const uint32_t kernel = job->kernel;
  for (uint32_t channel = core; channel < job->channels; channel += team) {
    uint32_t line;
    const REAL *x = NAME(surround)(job, (const REAL *)job->x + channel * job->height * job->width, job->height, job->width,
                                   core, &line);
    const struct NAME(walk) walk = {
        .from = x - job->padding * (line + 1),
        .from_line = job->stride * line,
        .from_next = job->stride,
        .from_tap_line = line,
        .to = (REAL *)job->result + channel * job->out_height * job->out_width,
        .to_line = job->out_width,
        .to_next = 1,
        .weights = (const REAL *)job->weights + channel * kernel * kernel,
        .weight_line = (int32_t)kernel,
        .weight_next = 1,
        .lines = job->out_height,
        .columns = job->out_width,
        .tap_lines = kernel,
        .tap_columns = kernel,
        .start = ((const REAL *)job->bias)[channel],
    };
    NAME(walk)(&walk);
  }
}

void NAME(depthwise_any_input)(const struct depthwise_any *job, uint32_t core, uint32_t team) {
  const uint32_t kernel = job->kernel, stride = job->stride;
  for (uint32_t channel = core; channel < job->channels; channel += team) {
    uint32_t line;
    const REAL *dy = NAME(surround)(job, (const REAL *)job->dy + channel * job->out_height * job->out_width,
                                    job->out_height, job->out_width, core, &line);
    const REAL *weights = (const REAL *)job->weights + channel * kernel * kernel;
    REAL *dx = (REAL *)job->result + channel * job->height * job->width;
    for (uint32_t p = 0; p < stride && p < job->height; p++) {
      const struct taps y = taps_of(kernel, stride, job->padding, p);
      for (uint32_t q = 0; q < stride && q < job->width; q++) {
        const struct taps x = taps_of(kernel, stride, job->padding, q);
        const int32_t met = y.count > 0 && x.count > 0;
        const struct NAME(walk) walk = {
            .from = met ? dy - (y.padding * (int32_t)line + x.padding) : dy,
            .from_line = line,
            .from_next = 1,
            .from_tap_line = line,
            .to = dx + p * job->width + q,
            .to_line = stride * job->width,
            .to_next = stride,
            .weights = met ? weights + y.last * kernel + x.last : weights,
            .weight_line = -(int32_t)(stride * kernel),
            .weight_next = -(int32_t)stride,
            .lines = (job->height - p + stride - 1) / stride,
            .columns = (job->width - q + stride - 1) / stride,
            .tap_lines = met ? y.count : 0,
            .tap_columns = x.count,
            .start = ZERO,
        };
        NAME(walk)(&walk);
      }
    }
  }
}

void NAME(depthwise_any_weights)(const struct depthwise_any *job, uint32_t core, uint32_t team) {
  const uint32_t kernel = job->kernel, stride = job->stride;
  for (uint32_t channel = core; channel < job->channels; channel += team) {
    uint32_t line;
    const REAL *x = NAME(surround)(job, (const REAL *)job->x + channel * job->height * job->width, job->height, job->width,
                                   core, &line);
    const REAL *planes = (const REAL *)job->dy + channel * job->out_height * job->out_width;
    REAL *dw = (REAL *)job->result + channel * kernel * kernel;
    x -= job->padding * (line + 1);
    for (uint32_t tap_y = 0; tap_y < kernel; tap_y++, x += line) {
      for (uint32_t tap_x = 0; tap_x < kernel; tap_x += 2) {
        /* Two taps at a time; with an odd kernel the last is one, and its neighbour is not kept. */
        REAL first = ZERO, second = ZERO;
        const REAL *dy = planes, *from_line = x + tap_x;
        for (uint32_t row = job->out_height; row > 0; row--, from_line += stride * line) {
          const REAL *from = from_line;
          for (uint32_t column = job->out_width; column > 0; column--, from += stride) {
            const REAL d = *dy++, a = from[0], b = from[1];
            first = NAME(fma)(a, d, first);
            second = NAME(fma)(b, d, second);
          }
        }
        *dw++ = first;
        if (tap_x + 1 < kernel) {
          *dw++ = second;
        }
      }
    }
    REAL sum = ZERO;
    for (uint32_t i = 0; i < job->out_height * job->out_width; i++) {
      sum = NAME(add)(sum, planes[i]);
    }
    ((REAL *)job->bias_gradient)[channel] = sum;
  }
}
