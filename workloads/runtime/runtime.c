/* Start of the team, console and exit. The orchestrator starts worker 0 and waits; worker 0 finds out how many workers
 * there are, sets up their barrier, starts them, and reports when all have arrived at the end. */
#include "ennead.h"

__attribute__((section(".data"))) volatile uint32_t ennead_team = 8;

static uint32_t team_size ENNEAD_L1;
static volatile uint32_t finished;

extern char _start[], __worker_stacks[], __worker_stack_size[], __worker_stack_count[];

/* The lowest words of each worker's stack, which nothing else may write. */
enum { GUARD_WORDS = 4, GUARD = 0x5AFEC0DE };

static void start_worker(uint32_t core) { ENNEAD_REG(CLUSTER_BOOT_ADDRESS + 4 * core) = (uint32_t)_start; }

uint32_t ennead_run_team(void) {
  /* Worker 0 will wake the orchestrator; mstatus.MIE is off, so no handler runs. */
  ENNEAD_REG(INTERRUPT_ENABLE) = INTERRUPT_LINE_CLUSTER;
  ENNEAD_REG(CLUSTER_ICACHE_ENABLE) = 0xFFFFFFFF;
  start_worker(0);
  ENNEAD_REG(CLUSTER_FETCH_ENABLE) = 1;
  while (!finished) {
    __asm__ volatile("wfi");
  }
  return finished;
}

/* A barrier's masks have a bit for each worker that exists, so they tell how many there are. The mask of triggers is
 * asked: some simulators take a barrier that is given targets and no triggers for one that is reached. */
static uint32_t count_workers(void) {
  ENNEAD_REG(EVENT_UNIT + EVENT_BARRIER_TRIGGER_MASK) = 0xFFFFFFFF;
  const uint32_t workers = ENNEAD_REG(EVENT_UNIT + EVENT_BARRIER_TRIGGER_MASK);
  uint32_t count = 1;
  while (count < 32 && workers >> count & 1) {
    count++;
  }
  return count;
}

static uint32_t least(uint32_t a, uint32_t b) { return a < b ? a : b; }

static void start_team(void) {
  const uint32_t requested = ennead_team;
  const uint32_t team = least(least(requested ? requested : 1, (uint32_t)__worker_stack_count), count_workers());
  const uint32_t members = (1u << team) - 1;
  team_size = team;
  ENNEAD_REG(EVENT_UNIT + EVENT_BARRIER_TRIGGER_MASK) = members;
  ENNEAD_REG(EVENT_UNIT + EVENT_BARRIER_TARGET_MASK) = members;
  for (uint32_t core = 1; core < team; core++) {
    start_worker(core);
  }
  ENNEAD_REG(CLUSTER_FETCH_ENABLE) = members;
}

__attribute__((weak)) void ennead_team_main(uint32_t core, uint32_t team) {
  (void)core;
  (void)team;
}

static volatile uint32_t *guard_of(uint32_t core) {
  return (volatile uint32_t *)(__worker_stacks + core * (uint32_t)__worker_stack_size);
}

/* Ends the run if this worker's stack has grown into its guard. */
static void check_guard(uint32_t core) {
  for (uint32_t word = 0; word < GUARD_WORDS; word++) {
    if (guard_of(core)[word] != GUARD) {
      ennead_print("worker ");
      ennead_print_unsigned(core);
      ennead_print(" needs more stack than its ");
      ennead_print_unsigned((uint32_t)__worker_stack_size);
      ennead_print(" bytes (STACK_SIZE in link.ld)\n");
      ennead_exit(1);
    }
  }
}

void ennead_worker(uint32_t core) {
  for (uint32_t word = 0; word < GUARD_WORDS; word++) {
    guard_of(core)[word] = GUARD;
  }
  if (core == 0) {
    start_team();
  }
  ENNEAD_REG(EVENT_UNIT + EVENT_MASK_SET) = EVENT_LINE_BARRIER;
  ennead_barrier();
  ennead_team_main(core, team_size);
  check_guard(core);
  ennead_barrier();
  if (core == 0) {
    finished = team_size;
    ENNEAD_REG(INTERRUPT_RAISE) = INTERRUPT_LINE_CLUSTER;
  }
  ENNEAD_REG(EVENT_UNIT + EVENT_MASK_CLEAR) = 0xFFFFFFFF;
  ennead_event_load(EVENT_UNIT + EVENT_WAIT_CLEAR);
}

static uint32_t console_address(void) {
  uint32_t hart;
  __asm__("csrr %0, mhartid" : "=r"(hart));
  return CONSOLE + (hart & 31) * 8 + (hart >> 5) * 128;
}

void ennead_print(const char *text) {
  const uint32_t console = console_address();
  while (*text) {
    ENNEAD_REG(console) = (uint8_t)*text++;
  }
}

void ennead_print_unsigned(uint32_t value) {
  char digits[11];
  char *first = &digits[10];
  *first = 0;
  do {
    *--first = (char)('0' + value % 10);
    value /= 10;
  } while (value);
  ennead_print(first);
}

_Noreturn void ennead_exit(int code) {
  ENNEAD_REG(EXIT) = 0x80000000u | (uint32_t)code;
  for (;;) {
  }
}

void *memset(void *to, int value, size_t bytes) {
  for (uint8_t *p = to; bytes; bytes--) {
    *p++ = (uint8_t)value;
  }
  return to;
}

void *memcpy(void *restrict to, const void *restrict from, size_t bytes) {
  uint8_t *p = to;
  for (const uint8_t *q = from; bytes; bytes--) {
    *p++ = *q++;
  }
  return to;
}
