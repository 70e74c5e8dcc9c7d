/* The loops of layer.h in C, around packed operations of ennead.h. */
#include "layer.h"

#include "share.h"

#define TYPE F32
#include "layer_typed.h"
#undef TYPE
#define TYPE F16
#include "layer_typed.h"
#undef TYPE
#define TYPE BF16
#include "layer_typed.h"
