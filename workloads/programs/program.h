/* What the orchestrator does in every program with workers. */
#ifndef ENNEAD_PROGRAM_H
#define ENNEAD_PROGRAM_H

#include "ennead.h"

/* A constant extent of a tensor. */
#define ENNEAD_SIZE(size) _Static_assert((size) > 0, #size " may not be zero")

int main(void) {
  const uint32_t team = ennead_run_team();
  ennead_print(PROGRAM " done by ");
  ennead_print_unsigned(team);
  ennead_print(" workers\n");
  return 0;
}

#endif
