/* Body of layer.c for one element type; included once for each. */
#include "element.h"

union NAME(lanes) {
  uint32_t word;
  PACKED packed;
};

ENNEAD_INLINE uint32_t NAME(add_words)(uint32_t a, uint32_t b) {
  const union NAME(lanes) left = {.word = a}, right = {.word = b};
  const union NAME(lanes) sum = {.packed = OPERATION(add)(left.packed, right.packed)};
  return sum.word;
}

void NAME(epilogue)(const struct epilogue *epilogue, uint32_t core, uint32_t team) {
  const struct span span = span_of(core, team, epilogue->words);
  const uint32_t end = span.end - span.begin;
  uint32_t *y = (uint32_t *)epilogue->y + span.begin;
  if (epilogue->addend) {
    const uint32_t *addend = (const uint32_t *)epilogue->addend + span.begin;
    uint32_t i = 0;
    for (; i + 4 <= end; i += 4) {
      const uint32_t a = y[i], b = y[i + 1], c = y[i + 2], d = y[i + 3];
      const uint32_t p = addend[i], q = addend[i + 1], r = addend[i + 2], s = addend[i + 3];
      y[i] = NAME(add_words)(a, p);
      y[i + 1] = NAME(add_words)(b, q);
      y[i + 2] = NAME(add_words)(c, r);
      y[i + 3] = NAME(add_words)(d, s);
    }
    for (; i < end; i++) {
      y[i] = NAME(add_words)(y[i], addend[i]);
    }
  }
  if (epilogue->relu) {
    uint32_t i = 0;
    for (; i + 4 <= end; i += 4) {
      const uint32_t a = y[i], b = y[i + 1], c = y[i + 2], d = y[i + 3];
      y[i] = OPERATION(positive)(a);
      y[i + 1] = OPERATION(positive)(b);
      y[i + 2] = OPERATION(positive)(c);
      y[i + 3] = OPERATION(positive)(d);
    }
    for (; i < end; i++) {
      y[i] = OPERATION(positive)(y[i]);
    }
  }
  if (epilogue->mask) {
    const uint32_t *mask = (const uint32_t *)epilogue->mask + span.begin;
    uint32_t i = 0;
    for (; i + 4 <= end; i += 4) {
      const uint32_t a = y[i], b = y[i + 1], c = y[i + 2], d = y[i + 3];
      const uint32_t p = mask[i], q = mask[i + 1], r = mask[i + 2], s = mask[i + 3];
      y[i] = a & OPERATION(positive_mask)(p);
      y[i + 1] = b & OPERATION(positive_mask)(q);
      y[i + 2] = c & OPERATION(positive_mask)(r);
      y[i + 3] = d & OPERATION(positive_mask)(s);
    }
    for (; i < end; i++) {
      y[i] &= OPERATION(positive_mask)(mask[i]);
    }
  }
}

void NAME(row_sums)(uint32_t *sums, const uint32_t *dy, uint32_t ld, uint32_t rows, uint32_t words, uint32_t core,
                    uint32_t team) {
  for (uint32_t row = core; row < rows; row += team) {
    const PACKED *from = (const PACKED *)(dy + row * ld);
    PACKED *to = (PACKED *)(sums + row);
    PACKED sum = *to;
    uint32_t count = words;
    for (; count >= 4; count -= 4, from += 4) {
      const PACKED a = from[0], b = from[1], c = from[2], d = from[3];
      sum = OPERATION(add)(sum, a);
      sum = OPERATION(add)(sum, b);
      sum = OPERATION(add)(sum, c);
      sum = OPERATION(add)(sum, d);
    }
    for (; count > 0; count--) {
      sum = OPERATION(add)(sum, *from++);
    }
    *to = sum;
  }
}

void NAME(reverse_taps)(const struct reverse *reverse, uint32_t core, uint32_t team) {
  const struct reverse job = *reverse;
  const uint32_t count = job.lines * job.line_taps;
  for (uint32_t co = core; co < job.cout; co += team) {
    const BITS *from = (const BITS *)job.from + co * job.ld_from + job.last;
    BITS *to = (BITS *)job.to + co * count;
    for (uint32_t ci = 0; ci < job.cin; ci++, from += job.taps, to += job.ld_to) {
      if (count == 9) {
        const BITS a = from[0], b = from[-1], c = from[-2], d = from[-3], e = from[-4], f = from[-5], g = from[-6],
                   h = from[-7], i = from[-8];
        to[0] = a;
        to[1] = b;
        to[2] = c;
        to[3] = d;
        to[4] = e;
        to[5] = f;
        to[6] = g;
        to[7] = h;
        to[8] = i;
        continue;
      }
      const BITS *line = from;
      BITS *at = to;
      for (uint32_t y = 0; y < job.lines; y++, line -= job.line_step) {
        const BITS *tap = line;
        for (uint32_t x = 0; x < job.line_taps; x++, tap -= job.tap_step) {
          *at++ = *tap;
        }
      }
    }
  }
}

void NAME(interleave)(const struct interleave *job, uint32_t core, uint32_t team) {
  const uint32_t half_width = job->width / 2, half_height = job->height / 2;
  const struct span span = span_of(core, team, job->channels * half_height);
  for (uint32_t line = span.begin; line < span.end; line++) {
    for (uint32_t p = 0; p < 2; p++) {
      BITS *to = (BITS *)job->to + (2 * line + p) * job->width;
      const BITS *even = job->phase[2 * p], *odd = job->phase[2 * p + 1];
      if (!even) {
        ennead_clear_words(to, job->width * sizeof(BITS) / 4);
        continue;
      }
      even += line * half_width;
      uint32_t j = 0;
      if (!odd) {
        for (; j < half_width; j++) {
          to[2 * j] = even[j];
          to[2 * j + 1] = 0;
        }
        continue;
      }
      odd += line * half_width;
      for (; j + 2 <= half_width; j += 2, to += 4) {
        const BITS a = even[j], b = odd[j], c = even[j + 1], d = odd[j + 1];
        to[0] = a;
        to[1] = b;
        to[2] = c;
        to[3] = d;
      }
      for (; j < half_width; j++, to += 2) {
        to[0] = even[j];
        to[1] = odd[j];
      }
    }
  }
}
