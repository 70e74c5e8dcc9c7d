/* The work space of tiles.h, and what happens where it is too small. */
#include "tiles.h"

uint32_t network_arena[ARENA_BYTES / 4] ENNEAD_L1;

_Noreturn void does_not_fit(const struct worker *worker, const char *name, uint32_t bytes) {
  if (worker->core == 0) {
    ennead_print(name);
    ennead_print(": the smallest tile needs ");
    ennead_print_unsigned(bytes);
    ennead_print(" bytes of L1, and there are ");
    ennead_print_unsigned(ARENA_BYTES);
    ennead_print("\n");
    ennead_exit(1);
  }
  for (;;) {
    ennead_barrier();
  }
}
