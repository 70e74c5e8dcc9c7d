/* The smallest program: the orchestrator prints a line and exits. */
#include "ennead.h"

int main(void) {
  ennead_print("Hello from the orchestrator\n");
  return 0;
}
