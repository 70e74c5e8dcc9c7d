/* Changes of layout that backward steps need. Shared by a team; none ends with a barrier. */
#ifndef ENNEAD_LAYOUT_H
#define ENNEAD_LAYOUT_H

#include "ennead.h"

/* From weights [cout x (cin taps)] to [cin x (cout taps)] with the taps of each kernel in reverse order: the matrix of the
 * input gradient. Rows are ld_from and ld_to elements apart. */
struct flip {
  const void *from;
  void *to;
  uint32_t cout, cin, taps;
  uint32_t ld_from, ld_to;
};
void flip_weights_f32(const struct flip *flip, uint32_t core, uint32_t team);
void flip_weights_f16(const struct flip *flip, uint32_t core, uint32_t team);

/* Zeros `words` words. */
void clear_words(uint32_t *to, uint32_t words, uint32_t core, uint32_t team);

#endif
