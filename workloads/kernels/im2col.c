/* The matrix of im2col.h, row by row; the rows are dealt out to the team in turn. */
#include "im2col.h"

#define TYPE F32
#include "im2col_typed.h"
#undef TYPE
#define TYPE F16
#include "im2col_typed.h"
