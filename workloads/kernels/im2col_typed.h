/* Body of im2col.c for one element type; included once for each. Elements are moved as bits. */
#if TYPE == F32
#define BITS uint32_t
#define NAME(name) name##_f32
#else
#define BITS uint16_t
#define NAME(name) name##_f16
#endif

/* One line of output positions: zeros where line y or a position on it is outside the input. */
static inline void NAME(line)(const struct im2col *job, BITS *to, int32_t y, int32_t x, const BITS *plane) {
  uint32_t todo = job->out_width;
  if (y >= 0 && y < (int32_t)job->height) {
    const BITS *line = plane + (uint32_t)y * job->width;
    for (; todo > 0 && x < 0; todo--, x += (int32_t)job->stride) {
      *to++ = 0;
    }
    for (; todo > 0 && x < (int32_t)job->width; todo--, x += (int32_t)job->stride) {
      *to++ = line[x];
    }
  }
  for (; todo > 0; todo--) {
    *to++ = 0;
  }
}

/* The same where only every spread-th line and position of the input is not zero. */
static inline void NAME(spread_line)(const struct im2col *job, BITS *to, int32_t y, int32_t x, const BITS *plane) {
  const int32_t spread = (int32_t)job->spread;
  const int32_t end = ((int32_t)job->width - 1) * spread;
  const uint32_t there = y >= 0 && y <= ((int32_t)job->height - 1) * spread && y % spread == 0;
  const BITS *line = there ? plane + (uint32_t)(y / spread) * job->width : plane;
  for (uint32_t todo = job->out_width; todo > 0; todo--, x += (int32_t)job->stride) {
    *to++ = there && x >= 0 && x <= end && x % spread == 0 ? line[x / spread] : 0;
  }
}

void NAME(im2col)(const struct im2col *job, uint32_t core, uint32_t team) {
  const uint32_t taps = job->kernel * job->kernel;
  for (uint32_t row = core; row < job->channels * taps; row += team) {
    const uint32_t channel = row / taps;
    const int32_t up = (int32_t)(row % taps / job->kernel) - (int32_t)job->padding;
    const int32_t left = (int32_t)(row % taps % job->kernel) - (int32_t)job->padding;
    const BITS *plane = (const BITS *)job->x + channel * job->height * job->width;
    BITS *to = (BITS *)job->columns + row * job->ld;
    for (uint32_t out = 0; out < job->out_rows; out++, to += job->out_width) {
      const int32_t y = (int32_t)((job->out_row + out) * job->stride) + up;
      if (job->spread == 1) {
        NAME(line)(job, to, y, left, plane);
      } else {
        NAME(spread_line)(job, to, y, left, plane);
      }
    }
  }
}

#undef BITS
#undef NAME
