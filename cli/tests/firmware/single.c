/* A program of the older runtime for PULPissimo: one core, no cluster. It counts events around some work, returns 5, and
 * touches a register that nothing models. */
#include "machine.h"

static uint32_t data[64];

void put(char c) {
  uint32_t h = hart();
  REG(0x1A10F000 + (h & 31) * 8 + (h >> 5) * 128) = (uint8_t)c;
}

void finish(int code) {
  REG(0x1A1040A0) = 0x80000000u | (uint32_t)code;
  for (;;)
    __asm__ volatile("wfi");
}

void worker_main(uint32_t core) { (void)core; }
uint32_t stacks[1];

static void lock_fll(uint32_t base) {
  uint32_t conf1 = REG(base + 4);
  REG(base + 8) = (REG(base + 8) & 0xFC000000u) | 0x00501909;
  REG(base + 0xC) = (REG(base + 0xC) & 0xFC00003Fu) | 0x014C0000;
  REG(base + 4) = conf1 | 0xC0000000u;
}

void init(void) {
  REG(0x1A104074) = 8;
  for (uint32_t pads = 0x10; pads <= 0x1C; pads += 4)
    REG(0x1A104000 + pads) = 0;
  lock_fll(0x1A100000);
  lock_fll(0x1A100010);
  REG(0x1A109808) = 0xFFFFFFFF;
}

int main(void) {
  put_text("Start\n");
  for (int i = 0; i < 3; i++)
    REG(0x1A105008) = 0x1234; /* an advanced timer */
  write_csr(0xCC1, 0); /* counting is on after reset */
  write_csr(0xCC0, 1 << 1 | 1 << 5);
  write_csr(0x79F, 0);
  __asm__ volatile("csrw 0xCC1, %1\n nop\n nop\n lw x0, 0(%0)\n nop\n csrw 0xCC1, x0" ::"r"(data), "r"(3) : "memory");
  put_text("instructions ");
  put_number(read_csr(0x781));
  put_text(" loads ");
  put_number(read_csr(0x785));
  put_text("\n");
  finish(5);
  return 0;
}
