/* Body of im2col.c for one element type; included once for each. Elements are moved as bits. */
#if TYPE == F32
#define BITS uint32_t
#define NAME(name) name##_f32
#else
#define BITS uint16_t
#define NAME(name) name##_f16
#endif

void NAME(im2col)(const struct im2col *job, uint32_t core, uint32_t team) {
  const uint32_t taps = job->kernel * job->kernel;
  for (uint32_t row = core; row < job->channels * taps; row += team) {
    const uint32_t channel = row / taps;
    const int32_t up = (int32_t)(row % taps / job->kernel) - (int32_t)job->padding;
    const int32_t left = (int32_t)(row % taps % job->kernel) - (int32_t)job->padding;
    const BITS *plane = (const BITS *)job->x + channel * job->height * job->width;
    BITS *to = (BITS *)job->columns + row * job->ld;
    for (uint32_t out = 0; out < job->out_rows; out++) {
      const int32_t y = (int32_t)((job->out_row + out) * job->stride) + up;
      if (y < 0 || y >= (int32_t)job->height) {
        for (uint32_t i = job->out_width; i > 0; i--) {
          *to++ = 0;
        }
        continue;
      }
      const BITS *line = plane + (uint32_t)y * job->width;
      int32_t x = left;
      uint32_t todo = job->out_width;
      for (; todo > 0 && x < 0; todo--, x += (int32_t)job->stride) {
        *to++ = 0;
      }
      for (; todo > 0 && x < (int32_t)job->width; todo--, x += (int32_t)job->stride) {
        *to++ = line[x];
      }
      for (; todo > 0; todo--) {
        *to++ = 0;
      }
    }
  }
}

#undef BITS
#undef NAME
