/* A program as the PULP SDK builds them: the orchestrator starts the cluster and sends it a task, worker 0 forks to all
 * workers by the dispatch queue, and an interrupt tells the orchestrator of the end. */
#include "machine.h"

#define EU 0x00204000u

extern char _vectors[], _start[], message_handler[], _l1_load[], _l1_start[], _l1_end[];

/* At address 4. */
__attribute__((section(".data_tiny_fc"))) volatile uint32_t messages = 0;

__attribute__((section(".l1"))) volatile uint32_t sum = 1000;
__attribute__((section(".l1"))) uint32_t stacks[8][256] = {{0}};
__attribute__((section(".l1"))) uint32_t tile[64] = {0};
uint32_t l2[256];

static volatile uint32_t task_waits;
volatile uint32_t failures;
static volatile uint32_t region_cycles, region_instructions, region_loads, region_stores, timer_short, timer_long;

void put(char c) {
  uint32_t h = hart();
  REG(0x1A10F000 + (h & 31) * 8 + (h >> 5) * 128) = (uint8_t)c;
}

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

/* Puts a jump into the vector table. */
static void set_handler(int line, char *handler) {
  char *vector = _vectors + 4 * line;
  uint32_t offset = (uint32_t)(handler - vector);
  uint32_t jump = (offset & 0x100000) << 11 | (offset & 0x7FE) << 20 | (offset & 0x800) << 9 | (offset & 0xFF000) | 0x6F;
  *(volatile uint32_t *)vector = jump;
  __asm__ volatile("fence.i" ::: "memory");
}

void orchestrator_init(void) {
  REG(0x1A109808) = 0xFFFFFFFF;
  __asm__ volatile("csrw mtvec, %0" ::"r"(_vectors));
  lock_fll(0x1A100000);
  lock_fll(0x1A100010);
  lock_fll(0x1A100020);
  for (uint32_t event = 0; event < 8; event++)
    REG(0x1A106004 + 4 * event) = 0xFFFFFFFF;
  set_handler(26, message_handler);
  REG(0x1A109804) = 1u << 26;
  set_handler(11, message_handler);
  REG(0x1A109804) = 1u << 11;
  REG(0x1A10B004) = 0x83;
}

static void cluster_open(void) {
  set_handler(1, message_handler);
  REG(0x1A109804) = 2;
  uint32_t conf1 = REG(0x1A100024);
  REG(0x1A100024) = (conf1 & 0xFFFF0000u) | 0x17D4;
  REG(0x10200020) = 1;
  volatile uint32_t *to = (volatile uint32_t *)_l1_start, *from = (volatile uint32_t *)_l1_load;
  while (to < (volatile uint32_t *)_l1_end)
    *to++ = *from++;
  REG(0x10201400) = 0xFFFFFFFF;
  for (uint32_t core = 0; core < 8; core++)
    REG(0x10200040 + 4 * core) = (uint32_t)_start;
  REG(0x10200008) = 0xFF;
  REG(0x10200E04) = 0;
}

static void check(int holds) {
  if (!holds)
    failures++;
}

static void work(uint32_t argument) {
  for (int i = 0; i < 10; i++) {
    event_load(EU + 0xC0);
    sum += argument;
    REG(EU + 0xC0) = 0;
  }
  event_load(EU + 0x23C);
}

static void barrier_masks(uint32_t barrier, uint32_t cores) {
  REG(EU + 0x200 + 0x20 * barrier) = cores;
  REG(EU + 0x20C + 0x20 * barrier) = cores;
}

static void fork(void (*function)(uint32_t), uint32_t argument) {
  REG(EU + 0x84) = 0xFF;
  barrier_masks(0, 0xFF);
  barrier_masks(1, 0xFF);
  REG(EU + 0x80) = (uint32_t)function;
  REG(EU + 0x80) = argument;
  function(argument);
  event_load(EU + 0x21C);
}

/* Bits of a DMA command. */
enum { TO_L1 = 1 << 17, INCREMENT = 1 << 18, TWO_D = 1 << 19, EVENT = 1 << 20 };

static void transfer(uint32_t command, void *inside, void *outside) {
  uint32_t base = EU + 0x400, id = REG(base);
  REG(base) = command;
  REG(base) = (uint32_t)inside;
  REG(base) = (uint32_t)outside;
  if (command & TWO_D) {
    REG(base) = 16;
    REG(base) = 64;
  }
  REG(EU + 8) = 0x100;
  while (REG(base + 4) >> id & 1)
    event_load(EU + 0x3C);
  REG(EU + 4) = 0x100;
  REG(base + 4) = 1u << id;
}

static uint32_t timed(int rounds) {
  REG(0x10200420) = 1;
  REG(0x10200418) = 1;
  if (rounds == 100)
    REGION_BEGIN(8);
  else
    REGION_BEGIN(9);
  for (int i = 0; i < rounds; i++)
    __asm__ volatile("nop");
  if (rounds == 100)
    REGION_END(8);
  else
    REGION_END(9);
  uint32_t cycles = REG(0x10200408);
  REG(0x10200400) = 0;
  return cycles;
}

__attribute__((noinline)) static void task(void) {
  for (uint32_t i = 0; i < 256; i++)
    l2[i] = 3 * i;
  transfer(256 | TO_L1 | INCREMENT | EVENT, tile, l2);
  for (uint32_t i = 0; i < 64; i++)
    check(tile[i] == 3 * i);
  transfer(64 | TO_L1 | INCREMENT | TWO_D | EVENT, tile, l2);
  for (uint32_t i = 0; i < 16; i++)
    check(tile[i] == 3 * (i / 4 * 16 + i % 4));
  for (uint32_t i = 0; i < 64; i++)
    tile[i] = i;
  transfer(128 | INCREMENT | EVENT, tile, l2);
  for (uint32_t i = 0; i < 32; i++)
    check(l2[i] == i);

  /* Dispatched many times, so that the queue turns over. */
  for (uint32_t i = 1; i <= 20; i++)
    fork(work, i);
  check(sum == 1000 + 8 * 10 * 210);

  write_csr(0xCC0, 0xFFFFFFFF);
  write_csr(0x79F, 0);
  write_csr(0xCC1, 1);
  REGION_BEGIN(7);
  for (uint32_t i = 0; i < 64; i++)
    tile[i] += i;
  REGION_END(7);
  write_csr(0xCC1, 0);
  region_cycles = read_csr(0x780);
  region_instructions = read_csr(0x781);
  region_loads = read_csr(0x785);
  region_stores = read_csr(0x786);
  timer_short = timed(100);
  timer_long = timed(200);
}

void master(void) {
  REG(EU + 0x84) = 0xFF;
  barrier_masks(0, 0xFF);
  REG(EU + 0x80) = (uint32_t)master | 1;
  REG(EU + 0x80) = sizeof stacks[0];
  REG(EU + 0x80) = (uint32_t)stacks;
  for (;;) {
    REG(EU + 8) = 2;
    event_load(EU + 0x3C);
    REG(EU + 4) = 2;
    if (task_waits) {
      task_waits = 0;
      task();
      put_text("task done\n");
      REG(0x1A109810) = 2;
    }
  }
}

int main(void) {
  put_text("Hello from the orchestrator\n");
  task_waits = 1;
  cluster_open();
  while (!messages)
    __asm__ volatile("wfi");
  put_text("cycles ");
  put_number(region_cycles);
  put_text(" instructions ");
  put_number(region_instructions);
  put_text(" loads ");
  put_number(region_loads);
  put_text(" stores ");
  put_number(region_stores);
  put_text(" timer ");
  put_number(timer_short);
  put_text(" ");
  put_number(timer_long);
  put_text("\nfailures ");
  put_number(failures);
  put_text("\n");
  finish((int)failures);
  return 0;
}
