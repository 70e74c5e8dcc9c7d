/* The tile loop of product.h: bands of output lines, and in each band blocks of output channels. The columns of a band are
 * made once; where all weights fit, they are brought once. */
#include "product.h"

#include "columns.h"
#include "layer.h"
#include "matmul.h"
#include "tiles.h"

struct plan {
  uint32_t lines, channels;    /* of the result in a tile */
  uint32_t bands, blocks;
  uint32_t band_lines;         /* of x */
  uint32_t ld_columns, padded; /* positions of a tile, padded */
  REAL *x[2], *weights[2], *columns, *y[2], *addend[2], *mask[2], *bias;
  struct arena arena;
};

/* One tap at stride 1: the image is the matrix. */
static int is_pointwise(const struct product *p) {
  return p->kernel_h == 1 && p->kernel_w == 1 && p->stride == 1 && p->pad_y == 0 && p->pad_x == 0;
}

static struct plan plan_of(const struct product *p, uint32_t lines, uint32_t channels) {
  const uint32_t depth = p->channels * p->kernel_h * p->kernel_w;
  struct plan plan = {.lines = lines, .channels = channels, .arena = EMPTY_ARENA};
  plan.bands = parts(p->out_height, lines);
  plan.blocks = parts(p->n, channels);
  plan.band_lines = least(p->height, (lines - 1) * p->stride + p->kernel_h);
  plan.padded = round_up(lines * p->out_width, TILE);
  plan.ld_columns = row_length(plan.padded);
  const uint32_t x = p->channels * plan.band_lines * p->width, y = channels * plan.padded;
  const uint32_t jobs = plan.bands * plan.blocks;
  plan.x[0] = plan.x[1] = arena_reals(&plan.arena, x);
  plan.weights[0] = plan.weights[1] = arena_reals(&plan.arena, channels * p->ld);
  plan.y[0] = plan.y[1] = arena_reals(&plan.arena, y);
  plan.addend[0] = plan.addend[1] = arena_reals(&plan.arena, p->addend ? y : 0);
  plan.mask[0] = plan.mask[1] = arena_reals(&plan.arena, p->mask ? y : 0);
  plan.bias = arena_reals(&plan.arena, p->bias ? p->n : 0);
  plan.columns = is_pointwise(p) ? NULL : arena_reals(&plan.arena, depth * plan.ld_columns);
  if (plan.bands > 1) {
    plan.x[1] = arena_reals(&plan.arena, x);
  }
  if (plan.blocks > 1) {
    plan.weights[1] = arena_reals(&plan.arena, channels * p->ld);
  }
  if (jobs > 1) {
    plan.y[1] = arena_reals(&plan.arena, y);
    plan.addend[1] = arena_reals(&plan.arena, p->addend ? y : 0);
    plan.mask[1] = arena_reals(&plan.arena, p->mask ? y : 0);
  }
  return plan;
}

/* Whether bands of so many lines are whole tiles of the matrix product. */
static int lines_are_possible(const struct product *p, uint32_t lines) {
  return lines == p->out_height || lines * p->out_width % TILE == 0;
}

/* The largest bands that fit, of all channels if possible. */
static struct plan choose(const struct worker *worker, const struct product *p) {
  struct plan plan;
  for (uint32_t channels = at_most(p->tiling.channels, p->n);; channels = round_up(channels / 2, 2)) {
    for (uint32_t lines = at_most(p->tiling.lines, p->out_height);; lines = (lines + 1) / 2) {
      plan = plan_of(p, lines, channels);
      if (lines_are_possible(p, lines) && arena_fits(&plan.arena)) {
        return plan;
      }
      if (lines == 1) {
        break;
      }
    }
    /* Where no smaller band is whole tiles. */
    plan = plan_of(p, p->out_height, channels);
    if (arena_fits(&plan.arena)) {
      return plan;
    }
    if (channels <= 2) {
      does_not_fit(worker, p->name, plan.arena.bytes);
    }
  }
}

struct place {
  uint32_t band, block;
  uint32_t row, rows, positions, padded;
  int32_t first_line;
  uint32_t band_lines;
  uint32_t channel, channels;
};

static struct place place_of(const struct product *p, const struct plan *plan, uint32_t band, uint32_t block) {
  struct place at = {.band = band, .block = block, .row = band * plan->lines, .channel = block * plan->channels};
  at.rows = least(plan->lines, p->out_height - at.row);
  at.positions = at.rows * p->out_width;
  at.padded = round_up(at.positions, TILE);
  at.channels = least(plan->channels, p->n - at.channel);
  at.first_line = (int32_t)(at.row * p->stride) - p->pad_y;
  int32_t last = at.first_line + (int32_t)((at.rows - 1) * p->stride + p->kernel_h);
  at.first_line = at.first_line < 0 ? 0 : at.first_line;
  last = last > (int32_t)p->height ? (int32_t)p->height : last;
  at.band_lines = (uint32_t)(last - at.first_line);
  return at;
}

/* Elements of a tile of y as they lie in both memories. */
static struct block result_block(const struct product *p, const struct place *at, const REAL *l1, const REAL *l2) {
  return (struct block){
      .l1 = l1,
      .l2 = l2 + at->channel * p->y_plane + at->row * p->out_width,
      .rows = at->channels,
      .row = at->padded,
      .l1_step = at->padded,
      .l2_step = p->y_plane,
  };
}

static void fetch(const struct worker *worker, struct transfers *in, const struct product *p, const struct plan *plan,
                  const struct place *at, uint32_t job) {
  if (at->block == 0) {
    const struct block x = {
        .l1 = plan->x[at->band & 1],
        .l2 = p->x + (uint32_t)at->first_line * p->width,
        .rows = p->channels,
        .row = at->band_lines * p->width,
        .l1_step = at->band_lines * p->width,
        .l2_step = p->x_plane,
    };
    transfer(in, worker, 0, DMA_IN, &x);
  }
  if (job == 0 || plan->blocks > 1) {
    const struct block weights = {
        .l1 = plan->weights[job & 1], .l2 = p->weights + at->channel * p->ld, .rows = 1, .row = at->channels * p->ld};
    transfer(in, worker, 1, DMA_IN, &weights);
  }
  if (p->addend) {
    const struct block addend = result_block(p, at, plan->addend[job & 1], p->addend);
    transfer(in, worker, 2, DMA_IN, &addend);
  }
  if (p->mask) {
    const struct block mask = result_block(p, at, plan->mask[job & 1], p->mask);
    transfer(in, worker, 3, DMA_IN, &mask);
  }
  if (p->bias && job == 0) {
    const struct block bias = {.l1 = plan->bias, .l2 = p->bias, .rows = 1, .row = p->n};
    transfer(in, worker, 4, DMA_IN, &bias);
  }
}

static void gather(const struct worker *worker, const struct product *p, const struct plan *plan, const struct place *at) {
  const struct columns job = {
      .x = plan->x[at->band & 1],
      .columns = plan->columns,
      .channels = p->channels,
      .height = p->height,
      .width = p->width,
      .plane = at->band_lines * p->width,
      .first_line = at->first_line,
      .kernel_h = p->kernel_h,
      .kernel_w = p->kernel_w,
      .stride = p->stride,
      .pad_y = p->pad_y,
      .pad_x = p->pad_x,
      .out_row = at->row,
      .out_rows = at->rows,
      .out_width = p->out_width,
      .tail = at->padded - at->positions,
      .rows = p->channels * p->kernel_h * p->kernel_w,
      .ld = plan->ld_columns,
  };
  KERNEL(columns)(&job, worker->core, worker->team);
  ennead_barrier();
}

static void compute(const struct worker *worker, const struct product *p, const struct plan *plan, const struct place *at,
                    uint32_t job) {
  const struct matmul mm = {
      .a = plan->weights[job & 1],
      .b = plan->columns ? plan->columns : plan->x[at->band & 1],
      .c = plan->y[job & 1],
      .bias = p->bias ? plan->bias + at->channel : NULL,
      .lda = p->ld,
      .ldb = plan->columns ? plan->ld_columns : at->band_lines * p->width,
      .ldc = at->padded,
      .n = at->channels,
      .m = at->padded,
      .k = p->channels * p->kernel_h * p->kernel_w,
      .rows = p->tiling.rows,
  };
  KERNEL(matmul)(&mm, worker->core, worker->team);
  ennead_barrier();
  if (p->addend || p->mask || p->relu) {
    const struct epilogue epilogue = {
        .y = plan->y[job & 1],
        .addend = p->addend ? plan->addend[job & 1] : NULL,
        .mask = p->mask ? plan->mask[job & 1] : NULL,
        .relu = p->relu,
        .words = at->channels * at->padded / WORD,
    };
    KERNEL(epilogue)(&epilogue, worker->core, worker->team);
    ennead_barrier();
  }
}

void product(const struct worker *worker, const struct product *p) {
  step_begins(p->region, p->step);
  const struct plan plan = choose(worker, p);
  record_footprint(worker, p->region, p->step, &plan.arena);
  struct transfers in = {0}, out = {0};
  struct place at = place_of(p, &plan, 0, 0);
  fetch(worker, &in, p, &plan, &at, 0);
  const uint32_t jobs = plan.bands * plan.blocks;
  for (uint32_t job = 0; job < jobs; job++) {
    wait_begins(p->region, p->step);
    transfers_wait(&in);
    ennead_barrier();
    wait_ends(p->region, p->step);
    struct place next = at;
    if (job + 1 < jobs) {
      const uint32_t last = at.block + 1 == plan.blocks;
      next = place_of(p, &plan, last ? at.band + 1 : at.band, last ? 0 : at.block + 1);
      fetch(worker, &in, p, &plan, &next, job + 1);
    }
    if (plan.columns && at.block == 0) {
      gather(worker, p, &plan, &at);
    }
    compute(worker, p, &plan, &at, job);
    transfers_wait(&out);
    const struct block y = result_block(p, &at, plan.y[job & 1], p->y);
    transfer(&out, worker, 5, DMA_OUT, &y);
    at = next;
  }
  wait_begins(p->region, p->step);
  transfers_wait(&out);
  ennead_barrier();
  wait_ends(p->region, p->step);
  step_ends(p->region, p->step);
}
