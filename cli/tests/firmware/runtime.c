/* A program as pulp-runtime builds them: no SDK, workers enter a function at once, sleep by plain loads, and the orchestrator
 * spins on a word of L2. With UART it prints through the uDMA. */
#include "machine.h"

#define EU 0x00204000u
#define DMA 0x00201800u

extern char _vectors[], _start[];

__attribute__((section(".l1"))) uint32_t tile[64] = {0};
__attribute__((section(".l1"))) uint32_t from_l1[4] = {0x600D, 2, 3, 4};
__attribute__((section(".l1"))) uint32_t results[8] = {0};
__attribute__((section(".l1"))) uint32_t stacks[8][128] = {{0}};
uint32_t l2[256] = {1};
static volatile uint32_t done;
static volatile uint32_t failures;

#ifdef UART
static char line[64];
static uint32_t used;

static void flush(void) {
  REG(0x1A102090) = (uint32_t)line;
  REG(0x1A102094) = used;
  REG(0x1A102098) = 0x10;
  while (REG(0x1A102098) & 0x10 || REG(0x1A1020A0) & 1)
    ;
  used = 0;
}

void put(char c) {
  line[used++] = c;
  if (c == '\n' || used == sizeof line)
    flush();
}
#else
void put(char c) {
  uint32_t h = hart();
  REG(0x1A10F000 + (h & 31) * 8 + (h >> 5) * 128) = (uint8_t)c;
}
#endif

void finish(int code) {
  REG(0x1A1040A0) = 0x80000000u | (uint32_t)code;
  REG(0x1A109808) = 0xFFFFFFFF;
  for (;;)
    __asm__ volatile("wfi");
}

static void lock_fll(uint32_t base) {
  uint32_t conf1 = REG(base + 4);
  if (conf1 >> 31)
    return;
  REG(base + 8) = (REG(base + 8) & 0xFC000000u) | 0x00501909;
  REG(base + 0xC) = (REG(base + 0xC) & 0xFC00003Fu) | 0x014C0000;
  REG(base + 4) = conf1 | 0xC0000000u;
}

void init(void) {
  lock_fll(0x1A100000);
  lock_fll(0x1A100010);
  lock_fll(0x1A100020);
  REG(0x1A109808) = 0xFFFFFFFF;
  __asm__ volatile("csrw mtvec, %0" ::"r"((uint32_t)_vectors | 1));
#ifdef UART
  REG(0x1A102000) |= 1;
  REG(0x1A106004) &= ~3u;
  REG(0x1A1020A4) = 433 << 16 | 0x0306;
#endif
}

static void barrier(void) { (void)REG(EU + 0x21C); }

static uint32_t copy(uint32_t command, void *inside, void *outside) {
  uint32_t id = REG(DMA);
  REG(DMA) = command;
  REG(DMA) = (uint32_t)inside;
  REG(DMA) = (uint32_t)outside;
  return id;
}

static void wait(uint32_t id) {
  while (REG(DMA + 4) >> id & 1) {
    REG(EU + 8) = 0x100;
    (void)REG(EU + 0x3C);
    REG(EU + 4) = 0x100;
  }
  REG(DMA + 4) = 1u << id;
}

void worker_main(uint32_t core) {
  REG(EU + 8) = 0x00070000;
  REG(EU + 0x200) = 0xFF;
  REG(EU + 0x20C) = 0xFF;
  barrier();
  if (core == 0) {
    wait(copy(0x00560100, tile, l2));
    for (uint32_t i = 0; i < 64; i++)
      failures += tile[i] != 7 * i;
  }
  barrier();
  results[core] = 0;
  for (uint32_t i = core; i < 64; i += 8)
    results[core] += tile[i];
  barrier();
  if (core == 0) {
    uint32_t sum = 0;
    for (uint32_t i = 0; i < 8; i++)
      sum += results[i];
    failures += sum != 7 * 63 * 32;
    failures += from_l1[0] != 0x600D;
    done = 1;
  }
}

int main(void) {
  put_text("Hello\n");
  for (uint32_t i = 0; i < 256; i++)
    l2[i] = 7 * i;
  lock_fll(0x1A100020);
  REG(0x10201400) = 0xFFFFFFFF;
  for (uint32_t core = 0; core < 8; core++)
    REG(0x10200040 + 4 * core) = (uint32_t)_start;
  REG(0x10200008) = 0xFF;
#ifdef HANG
  /* Nobody sends the event that this waits for, and the workers' work ends. */
  __asm__ volatile("wfi");
#endif
  while (!done)
    ;
  put_text("failures ");
  put_number(failures);
  put_text("\n");
  finish((int)failures);
  return 0;
}
