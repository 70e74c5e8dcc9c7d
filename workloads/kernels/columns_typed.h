/* Body of columns.c for one element type; included once for each. Elements are moved as bits. */
#if TYPE == F32
#define BITS uint32_t
#define NAME(name) name##_f32
#else
#define BITS uint16_t
#define NAME(name) name##_f16
#endif

/* `to` begins on a word; `count` may be odd. */
ENNEAD_INLINE void NAME(clear_run)(BITS *to, uint32_t count) {
  ennead_clear_words(to, count * sizeof(BITS) / 4);
  if (sizeof(BITS) == 2 && count & 1) {
    to[count - 1] = 0;
  }
}

/* Stride 1 and lines as long as the image's: the band is one run, moved sideways by `shift` elements. */
static void NAME(run)(const struct columns *job, BITS *to, const BITS *plane, int32_t y, int32_t shift) {
  const int32_t width = (int32_t)job->width, lines = (int32_t)job->out_rows, height = (int32_t)job->height;
  int32_t begin = 0, end = lines;
  if (y < 0) {
    begin = -y < lines ? -y : lines;
  }
  if (y + lines > height) {
    end = height - y > begin ? height - y : begin;
  }
  const uint32_t words = (uint32_t)((end - begin) * width) * sizeof(BITS) / 4;
  const uint32_t head = (uint32_t)(begin * width), foot = (uint32_t)((lines - end) * width);
  if (head > 0) {
    ennead_clear_words(to, head * sizeof(BITS) / 4);
  }
  if (words > 0) {
    ennead_copy_words(to + head, plane + (y + begin - job->first_line) * width + shift, words);
  }
  if (foot > 0) {
    ennead_clear_words(to + end * width, foot * sizeof(BITS) / 4);
  }
  for (; shift < 0; shift++) {
    BITS *edge = to - shift - 1;
    for (int32_t line = 0; line < lines; line++, edge += width) {
      *edge = 0;
    }
  }
  for (; shift > 0; shift--) {
    BITS *edge = to + width - shift;
    for (int32_t line = 0; line < lines; line++, edge += width) {
      *edge = 0;
    }
  }
}

/* Any stride and width. */
static void NAME(gather)(const struct columns *job, BITS *to, const BITS *plane, int32_t y, int32_t x) {
  const int32_t stride = (int32_t)job->stride, width = (int32_t)job->width, out_width = (int32_t)job->out_width;
  int32_t before = 0, from = x;
  while (from < 0 && before < out_width) {
    from += stride;
    before++;
  }
  int32_t end = before;
  for (int32_t at = from; at < width && end < out_width; at += stride) {
    end++;
  }
  const BITS *line = plane + (y - job->first_line) * width + from;
  for (uint32_t row = job->out_rows; row > 0; row--, y += stride, line += stride * width, to += out_width) {
    if ((uint32_t)y >= job->height) {
      for (int32_t i = 0; i < out_width; i++) {
        to[i] = 0;
      }
      continue;
    }
    for (int32_t i = 0; i < before; i++) {
      to[i] = 0;
    }
    const BITS *source = line;
    BITS *at = to + before;
    int32_t count = end - before;
    if (stride == 2) {
      for (; count >= 4; count -= 4, source += 8, at += 4) {
        const BITS a = source[0], b = source[2], c = source[4], d = source[6];
        at[0] = a;
        at[1] = b;
        at[2] = c;
        at[3] = d;
      }
    }
    for (; count > 0; count--, source += stride) {
      *at++ = *source;
    }
    for (int32_t i = end; i < out_width; i++) {
      to[i] = 0;
    }
  }
}

void NAME(columns)(const struct columns *job, uint32_t core, uint32_t team) {
  const uint32_t kernel_w = job->kernel_w, kernel_h = job->kernel_h, rows = job->rows;
  const uint32_t positions = job->out_rows * job->out_width;
  const uint32_t dense = job->stride == 1 && job->out_width == job->width && kernel_w <= job->width &&
                         job->width * sizeof(BITS) % 4 == 0;
  const int32_t first_y = (int32_t)(job->out_row * job->stride) - job->pad_y;
  BITS *to = (BITS *)job->columns + core * job->ld;
  const BITS *plane = job->x;
  uint32_t channel = 0, tap_y = 0, tap_x = core;
  for (uint32_t row = core; row < rows; row += team, tap_x += team, to += team * job->ld) {
    while (tap_x >= kernel_w) {
      tap_x -= kernel_w;
      if (++tap_y == kernel_h) {
        tap_y = 0;
        channel++;
        plane += job->plane;
      }
    }
    if (channel >= job->channels) {
      NAME(clear_run)(to, positions + job->tail);
      continue;
    }
    const int32_t y = first_y + (int32_t)tap_y, x = (int32_t)tap_x - job->pad_x;
    if (dense) {
      NAME(run)(job, to, plane, y, x);
    } else {
      NAME(gather)(job, to, plane, y, x);
    }
    for (uint32_t i = 0; i < job->tail; i++) {
      to[positions + i] = 0;
    }
  }
}

#undef BITS
#undef NAME
