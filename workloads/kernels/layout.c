/* The changes of layout of layout.h. Elements are moved as bits. */
#include "layout.h"

#include "share.h"

#define FLIP(name, bits)                                                                                       \
  void name(const struct flip *flip, uint32_t core, uint32_t team) {                                           \
    const uint32_t taps = flip->taps;                                                                          \
    for (uint32_t co = core; co < flip->cout; co += team) {                                                    \
      const bits *from = (const bits *)flip->from + co * flip->ld_from;                                        \
      bits *to = (bits *)flip->to + co * taps;                                                                 \
      for (uint32_t ci = 0; ci < flip->cin; ci++, from += taps, to += flip->ld_to) {                           \
        _Pragma("clang loop unroll_count(3)") for (uint32_t tap = 0; tap < taps; tap++) {                      \
          to[taps - 1 - tap] = from[tap];                                                                      \
        }                                                                                                      \
      }                                                                                                        \
    }                                                                                                          \
  }
FLIP(flip_weights_f32, uint32_t)
FLIP(flip_weights_f16, uint16_t)

void clear_words(uint32_t *to, uint32_t words, uint32_t core, uint32_t team) {
  const struct span span = span_of(core, team, words);
  ennead_clear_words(to + span.begin, span.end - span.begin);
}
