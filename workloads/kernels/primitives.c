/* The loops of primitives.h. */
#include "primitives.h"

#ifdef ENNEAD_HOST
#include <math.h>
static float root(float x) { return sqrtf(x); }
#else
static float root(float x) {
  __asm__("fsqrt.s %0, %1" : "=" ENNEAD_FLOAT(x) : ENNEAD_FLOAT(x));
  return x;
}
#endif

#define TYPE F32
#include "primitives_typed.h"
#undef TYPE
#define TYPE F16
#include "primitives_typed.h"
#undef TYPE
#define TYPE BF16
#include "primitives_typed.h"
