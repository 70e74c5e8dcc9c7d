/* The machine of ennead.h on the host: one worker, DMA by copying. After a program's run, its output is compared with the
 * file EXACT. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ennead.h"

extern char ennead_output[];

static ennead_transfer move(uint32_t direction, void *l1, const void *l2, uint32_t bytes, uint32_t row_bytes,
                            uint32_t l1_stride, uint32_t l2_stride) {
  for (uint32_t row = 0; row * row_bytes < bytes; row++) {
    char *inside = (char *)l1 + row * l1_stride, *outside = (char *)l2 + row * l2_stride;
    memcpy(direction == DMA_IN ? inside : outside, direction == DMA_IN ? outside : inside, row_bytes);
  }
  return 0;
}

ennead_transfer ennead_dma_rows(uint32_t direction, void *l1, const void *l2, uint32_t bytes, uint32_t row_bytes,
                                uint32_t stride) {
  return move(direction, l1, l2, bytes, row_bytes, row_bytes, stride);
}

ennead_transfer ennead_dma_spread(uint32_t direction, void *l1, const void *l2, uint32_t bytes, uint32_t row_bytes,
                                  uint32_t stride) {
  return move(direction, l1, l2, bytes, row_bytes, stride, row_bytes);
}

ennead_transfer ennead_dma_both(uint32_t direction, void *l1, uint32_t l1_stride, const void *l2, uint32_t l2_stride,
                                uint32_t row_bytes, uint32_t rows) {
  return move(direction, l1, l2, rows * row_bytes, row_bytes, l1_stride, l2_stride);
}

ennead_transfer ennead_dma(uint32_t direction, void *l1, const void *l2, uint32_t bytes) {
  return move(direction, l1, l2, bytes, bytes, bytes, bytes);
}

void ennead_print(const char *text) { fputs(text, stdout); }
void ennead_print_unsigned(uint32_t value) { printf("%u", value); }

_Noreturn void ennead_exit(int code) { exit(code); }

uint32_t ennead_run_team(void) {
  ennead_team_main(0, 1);
  FILE *file = fopen(EXACT, "rb");
  if (!file) {
    perror(EXACT);
    exit(1);
  }
  for (uint32_t at = 0;; at++) {
    const int expected = fgetc(file);
    if (expected == EOF) {
      break;
    }
    if ((unsigned char)ennead_output[at] != expected) {
      fprintf(stderr, "%s: byte %u of the output differs\n", EXACT, at);
      exit(1);
    }
  }
  fclose(file);
  return 1;
}
