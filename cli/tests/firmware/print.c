/* Printing without a library. */
#include "machine.h"

void put_text(const char *text) {
  while (*text)
    put(*text++);
}

void put_number(uint32_t value) {
  char digits[10];
  int count = 0;
  do
    digits[count++] = '0' + value % 10;
  while (value /= 10);
  while (count)
    put(digits[--count]);
}

/* What the compiler may call. */
void *memcpy(void *to, const void *from, unsigned long size) {
  char *t = to;
  const char *f = from;
  while (size--)
    *t++ = *f++;
  return to;
}

void *memset(void *to, int value, unsigned long size) {
  char *t = to;
  while (size--)
    *t++ = (char)value;
  return to;
}
