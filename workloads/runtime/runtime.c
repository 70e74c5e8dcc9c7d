/* Start of the team, console and exit. The orchestrator starts the workers and waits; worker 0 finds out who is
 * there, tells the others, and reports when all have arrived at the end. */
#include "ennead.h"

__attribute__((section(".data"))) volatile uint32_t ennead_team = 8;

static volatile uint32_t alive[ENNEAD_MAX_WORKERS] ENNEAD_L1;
static volatile uint32_t team_size ENNEAD_L1;
static volatile uint32_t finished;

extern char _start[];

static uint32_t requested_team(void) {
  const uint32_t team = ennead_team;
  return team < 1 ? 1 : team > ENNEAD_MAX_WORKERS ? ENNEAD_MAX_WORKERS : team;
}

uint32_t ennead_run_team(void) {
  const uint32_t team = requested_team();
  ENNEAD_REG(CLUSTER_ICACHE_ENABLE) = 0xFFFFFFFF;
  for (uint32_t core = 0; core < team; core++) {
    ENNEAD_REG(CLUSTER_BOOT_ADDRESS + 4 * core) = (uint32_t)_start;
  }
  ENNEAD_REG(CLUSTER_FETCH_ENABLE) = (1u << team) - 1;
  while (!finished) {
  }
  return finished;
}

/* Counts the workers that have started: all that were asked for, or, on a smaller machine, those that came within
 * a time that is ample for a cold instruction cache. */
static uint32_t count_workers(uint32_t requested) {
  uint32_t found = 1;
  for (uint32_t attempt = 0; attempt < 256 && found < requested; attempt++) {
    while (found < requested && alive[found]) {
      found++;
    }
  }
  return found;
}

static void join_team(uint32_t core) {
  if (core == 0) {
    team_size = count_workers(requested_team());
    ENNEAD_REG(EVENT_UNIT + EVENT_SW_TRIGGER + 4 * 1) = (1u << team_size) - 1;
  } else {
    alive[core] = 1;
  }
  ENNEAD_REG(EVENT_UNIT + EVENT_MASK_SET) = EVENT_LINE_TEAM;
  ennead_event_load(EVENT_UNIT + EVENT_WAIT_CLEAR);
  ENNEAD_REG(EVENT_UNIT + EVENT_MASK_CLEAR) = EVENT_LINE_TEAM;
  const uint32_t members = (1u << team_size) - 1;
  ENNEAD_REG(EVENT_UNIT + EVENT_BARRIER_TRIGGER_MASK) = members;
  ENNEAD_REG(EVENT_UNIT + EVENT_BARRIER_TARGET_MASK) = members;
  ENNEAD_REG(EVENT_UNIT + EVENT_MASK_SET) = EVENT_LINE_BARRIER;
  ennead_barrier();
}

__attribute__((weak)) void ennead_team_main(uint32_t core, uint32_t team) {
  (void)core;
  (void)team;
}

void ennead_worker(uint32_t core) {
  join_team(core);
  ennead_team_main(core, team_size);
  ennead_barrier();
  if (core == 0) {
    finished = team_size;
  }
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
