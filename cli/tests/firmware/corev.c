/* A bare CORE-V program: XCV encodings, f-registers, and newlib's system calls by `ecall` or, with HTIF, through
 * `tohost`. It returns the number of calls that did not answer as they should. */
#include "machine.h"

#ifdef HTIF
volatile uint64_t tohost __attribute__((section(".tohost"), aligned(64)));
volatile uint64_t fromhost __attribute__((section(".tohost"), aligned(64)));
static volatile uint64_t block[8] __attribute__((aligned(64)));

static int call(uint32_t number, uint32_t a, uint32_t b, uint32_t c) {
  block[0] = number;
  block[1] = a;
  block[2] = b;
  block[3] = c;
  *(volatile uint32_t *)&tohost = (uint32_t)block;
  while (!fromhost)
    ;
  fromhost = 0;
  return (int)block[0];
}

void htif_exit(uint32_t code) {
  *(volatile uint32_t *)&tohost = code << 1 | 1;
  for (;;)
    ;
}
#else
static int call(uint32_t number, uint32_t a, uint32_t b, uint32_t c) {
  register uint32_t a0 __asm__("a0") = a;
  register uint32_t a1 __asm__("a1") = b;
  register uint32_t a2 __asm__("a2") = c;
  register uint32_t a7 __asm__("a7") = number;
  __asm__ volatile("ecall" : "+r"(a0) : "r"(a1), "r"(a2), "r"(a7) : "memory");
  return (int)a0;
}
#endif

static char line[80];
static uint32_t used;

void put(char c) {
  line[used++] = c;
  if (c == '\n') {
    call(64, 1, (uint32_t)line, used);
    used = 0;
  }
}

extern char _end[];
static uint32_t stat[32];
static uint32_t time[4];
static char text[8];

/* cv.mac rd, rs1, rs2. */
static int32_t mac(int32_t sum, int32_t a, int32_t b) {
  __asm__(".insn r 0x2B, 3, 0x48, %0, %1, %2" : "+r"(sum) : "r"(a), "r"(b));
  return sum;
}

static float dot(const float *x, const float *y, int count) {
  float sum = 0;
  for (int i = 0; i < count; i++)
    sum += x[i] * y[i];
  return sum;
}

int main(void) {
  static const float x[4] = {1, 2, 3, 4}, y[4] = {0.5f, 0.25f, 2, 1};
  uint32_t failures = 0;
  put_text("mac ");
  put_number((uint32_t)mac(100, 6, 7));
  put_text(" dot ");
  put_number((uint32_t)dot(x, y, 4));
  put_text("\n");

  failures += call(80, 1, (uint32_t)stat, 0) != 0 || (stat[4] & 0170000) != 0020000;
  failures += call(57, 1, 0, 0) != 0;
  failures += call(62, 1, 0, 0) != -29;
  failures += call(63, 0, (uint32_t)text, 4) != 0;
  failures += call(214, 0, 0, 0) != (int)(uint32_t)_end;
  failures += call(214, (uint32_t)_end + 256, 0, 0) != (int)((uint32_t)_end + 256);
  failures += call(214, 0xF0000000, 0, 0) != (int)((uint32_t)_end + 256);
  failures += call(169, (uint32_t)time, 0, 0) != 0 || time[0] != 0 || time[2] >= 1000000;
  /* No file without a folder, and one with: NAME. */
  int file = call(1024, (uint32_t)"out.txt", 0x601, 0666);
  if (file >= 0) {
    failures += call(64, (uint32_t)file, (uint32_t)"abcdef", 6) != 6;
    failures += call(57, (uint32_t)file, 0, 0) != 0;
    file = call(1024, (uint32_t)"out.txt", 0, 0);
    failures += call(62, (uint32_t)file, 2, 0) != 2;
    failures += call(63, (uint32_t)file, (uint32_t)text, 8) != 4 || text[0] != 'c' || text[3] != 'f';
    failures += call(80, (uint32_t)file, (uint32_t)stat, 0) != 0 || stat[12] != 6;
    put_text("a file\n");
  } else {
    failures += file != -13;
    put_text("no file\n");
  }
  failures += call(403, 0, (uint32_t)time, 0) != 0;
  failures += call(17, 0, 0, 0) != -38;
  put_text("failures ");
  put_number(failures);
  put_text("\n");
  return (int)failures;
}
