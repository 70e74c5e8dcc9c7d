/* How a team divides the products of unrolled.h, and what covers the edges: elements one by one. Split by rows, neighbouring
 * rows go to different workers, as in matmul.c; split by columns, each worker has a run of them. */
#include "unrolled.h"

#include "share.h"

struct part {
  uint32_t row, row_step, rows, column, columns;
};

/* `unit` columns stay together. */
static struct part part_of(const struct unrolled *mm, uint32_t core, uint32_t team, uint32_t unit) {
  if (mm->by_columns) {
    const struct span units = span_of(core, team, (mm->m + unit - 1) / unit);
    const uint32_t end = units.end * unit < mm->m ? units.end * unit : mm->m, begin = units.begin * unit;
    return (struct part){.row_step = 1, .rows = mm->n, .column = begin, .columns = begin < end ? end - begin : 0};
  }
  const uint32_t rows = core < mm->n ? (mm->n - core + team - 1) / team : 0;
  return (struct part){.row = core, .row_step = team, .rows = rows, .columns = mm->m};
}

#define TYPE F32
#include "unrolled_typed.h"
#undef TYPE
#define TYPE F16
#include "unrolled_typed.h"
#undef TYPE
#define TYPE BF16
#include "unrolled_typed.h"
