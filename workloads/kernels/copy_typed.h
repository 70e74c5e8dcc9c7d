/* Moving and clearing runs of elements, for the bodies that are included once for each width of an element (BITS, NAME). */

/* Copies `count` adjacent elements, whole words of `to` at a time; words of `from` may lie across two. */
ENNEAD_INLINE void NAME(copy)(BITS *to, const BITS *from, uint32_t count) {
  if (sizeof(BITS) == 4) {
    ennead_copy_words(to, from, count);
    return;
  }
  if ((uintptr_t)to & 2 && count > 0) {
    *to++ = *from++;
    count--;
  }
  ennead_copy_words(to, from, count / 2);
  if (count & 1) {
    to[count - 1] = from[count - 1];
  }
}

ENNEAD_INLINE void NAME(clear)(BITS *to, uint32_t count) {
  if ((uintptr_t)to % 4 == 0 && count * sizeof(BITS) % 4 == 0) {
    ennead_clear_words(to, count * sizeof(BITS) / 4);
    return;
  }
  for (; count > 0; count--) {
    *to++ = 0;
  }
}
