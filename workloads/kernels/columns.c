/* The matrix of columns.h, row by row; the rows are dealt out to the team in turn. */
#include "columns.h"

#define TYPE F32
#include "columns_typed.h"
#undef TYPE
#define TYPE F16
#include "columns_typed.h"
