/* The matrix of im2row.h, position by position; positions are dealt out to the team in turn. */
#include "im2row.h"

#define TYPE F32
#include "im2row_typed.h"
#undef TYPE
#define TYPE F16
#include "im2row_typed.h"
