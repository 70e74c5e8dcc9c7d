/* Body of im2col.c for one element type; included once for each. Elements are moved as bits. */
#if TYPE == F32
#define BITS uint32_t
#define NAME(name) name##_f32
#else
#define BITS uint16_t
#define NAME(name) name##_f16
#endif
#include "copy_typed.h"

/* One row of the matrix: `taps` from the input's `plane`, whose first position is (y, x). */
struct NAME(row) {
  BITS *to;
  const BITS *plane;
  int32_t y, x;
};

/* The whole share of a worker where neighbouring positions are neighbouring elements and every position that is asked for
 * lies within the margins: a line is a run of `words` whole words, and lines above the input's first and below its last
 * are zero. */
static void NAME(runs)(const struct im2col *job, uint32_t words, uint32_t core, uint32_t team) {
  const int32_t lines = (int32_t)job->out_rows, height = (int32_t)job->height, padding = (int32_t)job->padding;
  const uint32_t kernel = job->kernel, channels = job->channels;
  const uint32_t line_bytes = 4 * words, line_step = job->ld_x * sizeof(BITS), row_step = team * job->ld * sizeof(BITS);
  const uint32_t plane_step = job->height * line_step;
  const int32_t first_y = (int32_t)job->out_row - padding;
  char *to = (char *)job->columns + core * job->ld * sizeof(BITS);
  const char *plane = (const char *)job->x - padding * (int32_t)sizeof(BITS);
  uint32_t channel = 0, tap_x = core;
  int32_t y = first_y;
  for (;; tap_x += team, to += row_step) {
    while (tap_x >= kernel) {
      tap_x -= kernel;
      if (++y == first_y + (int32_t)kernel) {
        y = first_y;
        channel++;
        plane += plane_step;
      }
    }
    if (channel >= channels) {
      return;
    }
    int32_t begin = 0, end = lines;
    if (y < 0) {
      begin = -y < lines ? -y : lines;
      ennead_clear_words(to, (uint32_t)begin * words);
    }
    if (y + lines > height) {
      end = height - y > begin ? height - y : begin;
      ennead_clear_words(to + (uint32_t)end * line_bytes, (uint32_t)(lines - end) * words);
    }
    const char *from = plane + (y + begin) * (int32_t)line_step + tap_x * sizeof(BITS);
    if (words % 2 == 0) {
      ennead_copy_lines(to + (uint32_t)begin * line_bytes, from, words, (uint32_t)(end - begin), line_step - line_bytes);
    } else {
      for (int32_t line = begin; line < end; line++, from += line_step) {
        ennead_copy_words(to + (uint32_t)line * line_bytes, from, words);
      }
    }
  }
}

/* Neighbouring positions are neighbouring elements: each line is zeros, a run of the input, and zeros. */
static void NAME(dense_row)(const struct im2col *job, struct NAME(row) row) {
  const int32_t width = (int32_t)job->out_width;
  const int32_t before = row.x >= 0 ? 0 : -row.x < width ? -row.x : width;
  const int32_t beyond = row.x + width - (int32_t)job->width;
  const int32_t after = beyond <= 0 ? 0 : beyond < width - before ? beyond : width - before;
  const int32_t inside = width - before - after;
  const BITS *line = row.plane + row.y * (int32_t)job->ld_x + row.x + before;
  for (uint32_t out = job->out_rows; out > 0; out--, row.y++, line += job->ld_x, row.to += width) {
    if ((uint32_t)row.y >= job->height) {
      NAME(clear)(row.to, (uint32_t)width);
      continue;
    }
    NAME(clear)(row.to, (uint32_t)before);
    NAME(copy)(row.to + before, line, (uint32_t)inside);
    NAME(clear)(row.to + before + inside, (uint32_t)after);
  }
}

/* Positions a stride apart. */
static void NAME(strided_row)(const struct im2col *job, struct NAME(row) row) {
  const int32_t stride = (int32_t)job->stride, width = (int32_t)job->width;
  const uint32_t out_width = job->out_width;
  BITS *to = row.to;
  for (uint32_t out = job->out_rows; out > 0; out--, row.y += stride) {
    uint32_t todo = out_width;
    if ((uint32_t)row.y < job->height) {
      const BITS *line = row.plane + row.y * (int32_t)job->ld_x;
      int32_t x = row.x;
      for (; todo > 0 && x < 0; todo--, x += stride) {
        *to++ = 0;
      }
      for (; todo >= 2 && x + stride < width; todo -= 2, x += 2 * stride, to += 2) {
        const BITS first = line[x], second = line[x + stride];
        to[0] = first;
        to[1] = second;
      }
      for (; todo > 0 && x < width; todo--, x += stride) {
        *to++ = line[x];
      }
    }
    for (; todo > 0; todo--) {
      *to++ = 0;
    }
  }
}

/* Neighbouring positions of an input whose elements lie `spread` apart: lines of zeros, and the elements put in. */
static void NAME(spread_row)(const struct im2col *job, struct NAME(row) row) {
  const int32_t spread = (int32_t)job->spread, out_width = (int32_t)job->out_width, width = (int32_t)job->width;
  int32_t first = row.x >= 0 ? 0 : -row.x, element = 0;
  for (int32_t x = row.x + first; x > 0; x -= spread, element++) {
    if (x < spread) {
      first += spread - x;
    }
  }
  int32_t until = row.y, line_number = 0; /* lines until the next that is not zero, and its number */
  for (; until > 0; until -= spread) {
    line_number++;
  }
  until = -until;
  BITS *to = row.to;
  for (uint32_t out = job->out_rows; out > 0; out--, to += out_width) {
    NAME(clear)(to, (uint32_t)out_width);
    if (until > 0) {
      until--;
      continue;
    }
    if (line_number < (int32_t)job->height) {
      const BITS *from = row.plane + line_number * (int32_t)job->ld_x + element;
      BITS *end = to + out_width;
      int32_t left = width - element;
      for (BITS *at = to + first; left > 0 && at < end; left--, at += spread) {
        *at = *from++;
      }
    }
    line_number++;
    until = spread - 1;
  }
}

/* Any stride and spread, one element at a time. */
static void NAME(sparse_row)(const struct im2col *job, struct NAME(row) row) {
  const int32_t stride = (int32_t)job->stride, spread = (int32_t)job->spread;
  const int32_t last_y = ((int32_t)job->height - 1) * spread, last_x = ((int32_t)job->width - 1) * spread;
  for (uint32_t out = job->out_rows; out > 0; out--, row.y += stride) {
    const int32_t there = row.y >= 0 && row.y <= last_y && row.y % spread == 0;
    const BITS *line = there ? row.plane + row.y / spread * (int32_t)job->ld_x : row.plane;
    int32_t x = row.x;
    for (uint32_t todo = job->out_width; todo > 0; todo--, x += stride) {
      *row.to++ = there && x >= 0 && x <= last_x && x % spread == 0 ? line[x / spread] : 0;
    }
  }
}

void NAME(im2col)(const struct im2col *job, uint32_t core, uint32_t team) {
  const uint32_t dense = job->stride == 1 && job->spread == 1;
  const uint32_t words = job->out_width * sizeof(BITS) / 4;
  const uint32_t whole_words = words > 0 && (job->out_width * sizeof(BITS) | job->ld * sizeof(BITS)) % 4 == 0;
  const uint32_t last_x = job->kernel - 1 + job->out_width; /* the last position asked for, plus the padding, plus 1 */
  if (dense && whole_words && job->padding <= job->margin && last_x <= job->padding + job->width + job->margin) {
    NAME(runs)(job, words, core, team);
    return;
  }
  const int32_t first_y = (int32_t)(job->out_row * job->stride) - (int32_t)job->padding;
  struct NAME(row) row = {.to = (BITS *)job->columns + core * job->ld};
  uint32_t channel = 0, tap_y = 0, tap_x = core;
  for (;; tap_x += team, row.to += team * job->ld) {
    while (tap_x >= job->kernel) {
      tap_x -= job->kernel;
      if (++tap_y == job->kernel) {
        tap_y = 0;
        channel++;
      }
    }
    if (channel >= job->channels) {
      return;
    }
    row.plane = (const BITS *)job->x + channel * job->height * job->ld_x;
    row.y = first_y + (int32_t)tap_y;
    row.x = (int32_t)tap_x - (int32_t)job->padding;
    if (dense) {
      NAME(dense_row)(job, row);
    } else if (job->spread == 1) {
      NAME(strided_row)(job, row);
    } else if (job->stride == 1) {
      NAME(spread_row)(job, row);
    } else {
      NAME(sparse_row)(job, row);
    }
  }
}

#undef BITS
#undef NAME
