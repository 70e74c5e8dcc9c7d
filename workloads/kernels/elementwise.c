/* The loops of elementwise.h in C, around packed operations of ennead.h. Each worker takes a run of neighbours. */
#include "elementwise.h"

#include "share.h"

#define TYPE F32
#include "elementwise_typed.h"
#undef TYPE
#define TYPE F16
#include "elementwise_typed.h"
#undef TYPE
#define TYPE BF16
#include "elementwise_typed.h"
