/* Body of im2row.c for one width of an element; included once for each. Elements are moved as bits. */
#include "element.h"

#include "copy_typed.h"

void NAME(im2row)(const struct im2row *job, uint32_t core, uint32_t team) {
  const int32_t height = (int32_t)job->height, width = (int32_t)job->width, kernel_w = (int32_t)job->kernel_w;
  const uint32_t channels = job->channels, line = job->kernel_w * channels;
  uint32_t column = core, row = 0;
  for (uint32_t at = core; at < job->out_height * job->out_width; at += team, column += team) {
    while (column >= job->out_width) {
      column -= job->out_width;
      row++;
    }
    BITS *to = (BITS *)job->rows + at * job->ld;
    const int32_t x = (int32_t)(column * job->stride) - job->pad_x;
    int32_t y = (int32_t)(row * job->stride) - job->pad_y;
    const int32_t before = x >= 0 ? 0 : -x < kernel_w ? -x : kernel_w;
    const int32_t beyond = x + kernel_w - width;
    const int32_t after = beyond <= 0 ? 0 : beyond < kernel_w - before ? beyond : kernel_w - before;
    const uint32_t inside = (uint32_t)(kernel_w - before - after) * channels;
    for (uint32_t tap_y = job->kernel_h; tap_y > 0; tap_y--, y++, to += line) {
      if (y < 0 || y >= height) {
        NAME(clear)(to, line);
        continue;
      }
      const BITS *from = (const BITS *)job->x + (y * width + x + before) * (int32_t)channels;
      NAME(clear)(to, (uint32_t)before * channels);
      NAME(copy)(to + (uint32_t)before * channels, from, inside);
      NAME(clear)(to + (uint32_t)before * channels + inside, (uint32_t)after * channels);
    }
  }
}

void NAME(turn_weights)(const struct turn *turn, uint32_t core, uint32_t team) {
  for (uint32_t co = core; co < turn->cout; co += team) {
    const BITS *line = (const BITS *)turn->from + co * turn->ld_from + turn->last * turn->cin;
    BITS *to = (BITS *)turn->to + co * turn->ld_to;
    for (uint32_t y = 0; y < turn->lines; y++, line -= turn->line_step * turn->cin) {
      const BITS *tap = line;
      for (uint32_t x = 0; x < turn->line_taps; x++, tap -= turn->tap_step * turn->cin, to += turn->cout * turn->ld_to) {
        NAME(copy)(to, tap, turn->cin);
      }
    }
  }
}
