/* The steps of a convolution. Forward is one product. The input gradient is a product too, of dy and the weights turned
 * round: with stride 1 one, with stride 2 one for each of the four phases of the position, whose results are then
 * interleaved. The weight gradient is a product by rows (matmul_dot.h) of dy and columns, followed by the update. */
#include "columns.h"
#include "elementwise.h"
#include "layer.h"
#include "layout.h"
#include "matmul_dot.h"
#include "phases.h"
#include "product.h"
#include "tiles.h"

void convolution_forward(const struct worker *worker, const struct convolution *layer, const REAL *x, const REAL *addend,
                         REAL *y, uint32_t relu) {
  const struct product forward = {
      .name = layer->name,
      .region = layer->region,
      .step = FORWARD,
      .x = x,
      .channels = layer->cin,
      .height = layer->height,
      .width = layer->width,
      .x_plane = layer->x_plane,
      .kernel_h = layer->kernel_h,
      .kernel_w = layer->kernel_w,
      .stride = layer->stride,
      .pad_y = (int32_t)layer->pad_y,
      .pad_x = (int32_t)layer->pad_x,
      .weights = layer->parameters.weights,
      .bias = layer->parameters.bias,
      .n = layer->cout,
      .ld = layer->parameters.ld,
      .addend = addend,
      .relu = relu,
      .y = y,
      .out_height = layer->out_height,
      .out_width = layer->out_width,
      .y_plane = layer->y_plane,
      .tiling = layer->tiling[FORWARD],
  };
  product(worker, &forward);
}

/* ---- Input gradient ----------------------------------------------------------------------------------------- */

struct phases {
  struct taps y[2], x[2];
  REAL *weights[4]; /* in L2; NULL where no tap meets the phase */
  uint32_t ld[4];
};

static struct phases phases_of(const struct convolution *layer, REAL *scratch) {
  struct phases phases = {.weights = {NULL}};
  const uint32_t stride = layer->stride;
  for (uint32_t p = 0; p < stride; p++) {
    phases.y[p] = taps_of(layer->kernel_h, stride, layer->pad_y, p);
    phases.x[p] = taps_of(layer->kernel_w, stride, layer->pad_x, p);
  }
  for (uint32_t p = 0; p < stride; p++) {
    for (uint32_t q = 0; q < stride; q++) {
      const uint32_t count = phases.y[p].count * phases.x[q].count;
      if (count > 0) {
        phases.ld[2 * p + q] = row_length(layer->cout * count);
        phases.weights[2 * p + q] = scratch;
        scratch += layer->cin * phases.ld[2 * p + q];
      }
    }
  }
  return phases;
}

/* Turns the weights round, blocks of output channels at a time. */
static void turn_round(const struct worker *worker, const struct convolution *layer, const struct phases *phases) {
  const uint32_t taps = layer->kernel_h * layer->kernel_w, ld = layer->parameters.ld;
  struct arena arena;
  REAL *from[2], *to[2];
  uint32_t channels = layer->cout;
  for (;; channels = round_up(channels / 2, 2)) {
    arena = EMPTY_ARENA;
    const uint32_t buffers = channels < layer->cout ? 2 : 1;
    for (uint32_t i = 0; i < buffers; i++) {
      from[i] = arena_reals(&arena, channels * ld);
      to[i] = arena_reals(&arena, layer->cin * channels * taps);
    }
    if (arena_fits(&arena)) {
      break;
    }
    if (channels <= 2) {
      does_not_fit(worker, layer->name, arena.bytes);
    }
  }
  struct transfers in = {0}, out = {0};
  const uint32_t jobs = parts(layer->cout, channels);
  struct block block = {.l1 = from[0], .l2 = layer->parameters.weights, .rows = 1, .row = channels * ld};
  transfer(&in, worker, 0, DMA_IN, &block);
  for (uint32_t job = 0; job < jobs; job++) {
    const uint32_t first = job * channels, count = least(channels, layer->cout - first);
    transfers_wait(&in);
    ennead_barrier();
    if (job + 1 < jobs) {
      const uint32_t next = first + channels;
      block.l1 = from[(job + 1) & 1];
      block.l2 = layer->parameters.weights + next * ld;
      block.row = least(channels, layer->cout - next) * ld;
      transfer(&in, worker, 0, DMA_IN, &block);
    }
    REAL *at = to[job & 1];
    struct block results[4];
    uint32_t pieces = 0;
    for (uint32_t phase = 0; phase < 4; phase++) {
      if (!phases->weights[phase]) {
        continue;
      }
      const struct taps *y = &phases->y[phase / 2], *x = &phases->x[phase % 2];
      const uint32_t row = count * y->count * x->count;
      const struct reverse reverse = {
          .from = from[job & 1],
          .to = at,
          .cout = count,
          .cin = layer->cin,
          .taps = taps,
          .ld_from = ld,
          .ld_to = row,
          .lines = y->count,
          .line_taps = x->count,
          .last = y->last * layer->kernel_w + x->last,
          .line_step = layer->stride * layer->kernel_w,
          .tap_step = layer->stride,
      };
      KERNEL(reverse_taps)(&reverse, worker->core, worker->team);
      results[pieces++] = (struct block){
          .l1 = at,
          .l2 = phases->weights[phase] + first * y->count * x->count,
          .rows = layer->cin,
          .row = row,
          .l1_step = row,
          .l2_step = phases->ld[phase],
      };
      at += layer->cin * row;
    }
    transfers_wait(&out);
    ennead_barrier();
    for (uint32_t piece = 0; piece < pieces; piece++) {
      transfer(&out, worker, 1 + piece, DMA_OUT, &results[piece]);
    }
  }
  transfers_wait(&out);
  ennead_barrier();
}

static struct product gradient_product(const struct convolution *layer, const struct phases *phases, uint32_t phase,
                                       const REAL *dy, REAL *dx) {
  const struct taps *y = &phases->y[phase / 2], *x = &phases->x[phase % 2];
  return (struct product){
      .name = layer->name,
      .region = layer->region,
      .step = INPUT_GRADIENT,
      .x = dy,
      .channels = layer->cout,
      .height = layer->out_height,
      .width = layer->out_width,
      .x_plane = layer->y_plane,
      .kernel_h = y->count,
      .kernel_w = x->count,
      .stride = 1,
      .pad_y = y->padding,
      .pad_x = x->padding,
      .weights = phases->weights[phase],
      .n = layer->cin,
      .ld = phases->ld[phase],
      .y = dx,
      .out_height = layer->height / layer->stride,
      .out_width = layer->width / layer->stride,
      .y_plane = layer->stride == 1 ? layer->x_plane : layer->height / 2 * (layer->width / 2),
      .tiling = layer->tiling[INPUT_GRADIENT],
  };
}

static void interleave_phases(const struct worker *worker, const struct convolution *layer, const REAL *phase[4],
                              const REAL *mask, REAL *dx) {
  const uint32_t plane = layer->height * layer->width, quarter = plane / 4;
  uint32_t channels = layer->cin;
  struct arena arena;
  REAL *from[2][4], *to[2], *above[2];
  for (;; channels = round_up(channels / 2, 2)) {
    arena = EMPTY_ARENA;
    const uint32_t buffers = channels < layer->cin ? 2 : 1;
    for (uint32_t i = 0; i < buffers; i++) {
      for (uint32_t p = 0; p < 4; p++) {
        from[i][p] = arena_reals(&arena, phase[p] ? channels * quarter : 0);
      }
      to[i] = arena_reals(&arena, channels * plane);
      above[i] = arena_reals(&arena, mask ? channels * plane : 0);
    }
    if (arena_fits(&arena)) {
      break;
    }
    if (channels <= 2) {
      does_not_fit(worker, layer->name, arena.bytes);
    }
  }
  struct transfers in = {0}, out = {0};
  const uint32_t jobs = parts(layer->cin, channels);
  for (uint32_t job = 0; job <= jobs; job++) {
    /* Tiles of `job` come in while those of `job` - 1 are worked on. */
    if (job > 0) {
      transfers_wait(&in);
      ennead_barrier();
    }
    if (job < jobs) {
      const uint32_t first = job * channels, count = least(channels, layer->cin - first);
      for (uint32_t p = 0; p < 4; p++) {
        if (phase[p]) {
          const struct block quarters = {
              .l1 = from[job & 1][p], .l2 = phase[p] + first * quarter, .rows = 1, .row = count * quarter};
          transfer(&in, worker, p, DMA_IN, &quarters);
        }
      }
      if (mask) {
        const struct block masks = {.l1 = above[job & 1],
                                    .l2 = mask + first * layer->x_plane,
                                    .rows = count,
                                    .row = plane,
                                    .l1_step = plane,
                                    .l2_step = layer->x_plane};
        transfer(&in, worker, 4, DMA_IN, &masks);
      }
    }
    if (job > 0) {
      const uint32_t first = (job - 1) * channels, count = least(channels, layer->cin - first), which = (job - 1) & 1;
      struct interleave interleave = {
          .to = to[which], .channels = count, .height = layer->height, .width = layer->width};
      for (uint32_t p = 0; p < 4; p++) {
        interleave.phase[p] = phase[p] ? from[which][p] : NULL;
      }
      KERNEL(interleave)(&interleave, worker->core, worker->team);
      ennead_barrier();
      if (mask) {
        const struct epilogue epilogue = {.y = to[which], .mask = above[which], .words = count * plane / WORD};
        KERNEL(epilogue)(&epilogue, worker->core, worker->team);
        ennead_barrier();
      }
      transfers_wait(&out);
      const struct block result = {.l1 = to[which],
                                   .l2 = dx + first * layer->x_plane,
                                   .rows = count,
                                   .row = plane,
                                   .l1_step = plane,
                                   .l2_step = layer->x_plane};
      transfer(&out, worker, 5, DMA_OUT, &result);
    }
  }
  transfers_wait(&out);
  ennead_barrier();
}

void convolution_input_gradient_phase(const struct worker *worker, const struct convolution *layer, const REAL *dy, REAL *dx,
                                      REAL *scratch) {
  const struct phases phases = phases_of(layer, scratch);
  step_begins(layer->region, INPUT_GRADIENT);
  turn_round(worker, layer, &phases);
  step_ends(layer->region, INPUT_GRADIENT);
  const struct product only = gradient_product(layer, &phases, 0, dy, dx);
  product(worker, &only);
}

void convolution_input_gradient(const struct worker *worker, const struct convolution *layer, const REAL *dy,
                                const REAL *addend, const REAL *mask, REAL *dx, REAL *scratch) {
  const struct phases phases = phases_of(layer, scratch);
  step_begins(layer->region, INPUT_GRADIENT);
  turn_round(worker, layer, &phases);
  step_ends(layer->region, INPUT_GRADIENT);
  if (layer->stride == 1) {
    struct product whole = gradient_product(layer, &phases, 0, dy, dx);
    whole.addend = addend;
    whole.mask = mask;
    product(worker, &whole);
    return;
  }
  const uint32_t quarter = layer->cin * (layer->height / 2) * (layer->width / 2);
  REAL *next = scratch;
  for (uint32_t phase = 0; phase < 4; phase++) {
    if (phases.weights[phase]) {
      next = phases.weights[phase] + layer->cin * phases.ld[phase];
    }
  }
  const REAL *results[4] = {NULL, NULL, NULL, NULL};
  for (uint32_t phase = 0; phase < 4; phase++) {
    if (phases.weights[phase]) {
      struct product part = gradient_product(layer, &phases, phase, dy, next);
      part.addend = phase == 0 ? addend : NULL;
      product(worker, &part);
      results[phase] = next;
      next += quarter;
    }
  }
  step_begins(layer->region, INPUT_GRADIENT);
  interleave_phases(worker, layer, results, mask, dx);
  step_ends(layer->region, INPUT_GRADIENT);
}

/* ---- Weight gradient and update ----------------------------------------------------------------------------- */

/* Blocks of input channels, and for each the bands of output lines that its sums go over. */
struct update_plan {
  uint32_t lines, channels;
  uint32_t bands, blocks;
  uint32_t band_lines, positions, padded, ld, rows; /* rows: of the columns, padded */
  REAL *x[2], *dy[2], *columns, *weights, *velocity, *gradient, *bias, *bias_velocity, *bias_gradient;
  uint32_t *sums, *bias_sums;
  struct arena arena;
};

static int columns_are_image(const struct convolution *layer) {
  return layer->kernel_h == 1 && layer->kernel_w == 1 && layer->stride == 1;
}

static struct update_plan update_plan_of(const struct convolution *layer, uint32_t lines, uint32_t channels) {
  struct update_plan plan = {.lines = lines, .channels = channels, .arena = EMPTY_ARENA};
  plan.bands = parts(layer->out_height, lines);
  plan.blocks = parts(layer->cin, channels);
  plan.band_lines = least(layer->height, (lines - 1) * layer->stride + layer->kernel_h);
  plan.padded = round_up(lines * layer->out_width, TILE);
  plan.ld = row_length(plan.padded);
  plan.rows = round_up(channels * layer->kernel_h * layer->kernel_w, 4);
  const uint32_t x = columns_are_image(layer) ? channels * plan.ld : channels * plan.band_lines * layer->width;
  const uint32_t dy = layer->cout * plan.ld, weights = layer->cout * plan.rows;
  plan.x[0] = plan.x[1] = arena_reals(&plan.arena, x);
  plan.dy[0] = plan.dy[1] = arena_reals(&plan.arena, dy);
  if (plan.bands > 1) {
    plan.dy[1] = arena_reals(&plan.arena, dy);
  }
  if (plan.bands * plan.blocks > 1) {
    plan.x[1] = arena_reals(&plan.arena, x);
  }
  plan.columns = columns_are_image(layer) ? NULL : arena_reals(&plan.arena, plan.rows * plan.ld);
  plan.weights = arena_reals(&plan.arena, weights);
  plan.velocity = arena_reals(&plan.arena, weights);
  plan.gradient = arena_reals(&plan.arena, weights);
  plan.bias = arena_reals(&plan.arena, layer->cout);
  plan.bias_velocity = arena_reals(&plan.arena, layer->cout);
  plan.bias_gradient = arena_reals(&plan.arena, layer->cout);
  plan.bias_sums = arena_take(&plan.arena, layer->cout, 4);
  plan.sums = arena_take(&plan.arena, weights, 4);
  return plan;
}

static struct update_plan choose_update(const struct worker *worker, const struct convolution *layer) {
  const struct tiling tiling = layer->tiling[WEIGHT_GRADIENT];
  struct update_plan plan;
  for (uint32_t channels = at_most(tiling.channels, layer->cin);; channels = round_up(channels / 2, 4)) {
    for (uint32_t lines = at_most(tiling.lines, layer->out_height);; lines = (lines + 1) / 2) {
      plan = update_plan_of(layer, lines, channels);
      /* Blocks of weights begin on words, and bands are whole tiles. */
      const uint32_t whole_words = channels == layer->cin || channels % 4 == 0;
      const uint32_t whole_tiles = lines == layer->out_height || lines * layer->out_width % TILE == 0;
      if (whole_words && whole_tiles && arena_fits(&plan.arena)) {
        return plan;
      }
      if (lines == 1) {
        break;
      }
    }
    plan = update_plan_of(layer, layer->out_height, channels);
    if (arena_fits(&plan.arena) && (channels == layer->cin || channels % 4 == 0)) {
      return plan;
    }
    if (channels <= 4) {
      does_not_fit(worker, layer->name, plan.arena.bytes);
    }
  }
}

struct update_place {
  uint32_t band, block;
  uint32_t row, rows, padded, channel, channels;
  int32_t first_line;
  uint32_t band_lines;
};

static struct update_place update_place_of(const struct convolution *layer, const struct update_plan *plan, uint32_t block,
                                           uint32_t band) {
  struct update_place at = {.band = band, .block = block, .row = band * plan->lines, .channel = block * plan->channels};
  at.rows = least(plan->lines, layer->out_height - at.row);
  at.padded = round_up(at.rows * layer->out_width, TILE);
  at.channels = least(plan->channels, layer->cin - at.channel);
  at.first_line = (int32_t)(at.row * layer->stride) - (int32_t)layer->pad_y;
  int32_t last = at.first_line + (int32_t)((at.rows - 1) * layer->stride + layer->kernel_h);
  at.first_line = at.first_line < 0 ? 0 : at.first_line;
  last = last > (int32_t)layer->height ? (int32_t)layer->height : last;
  at.band_lines = (uint32_t)(last - at.first_line);
  return at;
}

/* With one band, dy stays from block to block. */
static void fetch_update(const struct worker *worker, struct transfers *in, const struct convolution *layer,
                         const struct update_plan *plan, const struct update_place *at, uint32_t job, const REAL *x,
                         const REAL *dy) {
  const int image = columns_are_image(layer);
  const struct block lines = {
      .l1 = plan->x[job & 1],
      .l2 = x + at->channel * layer->x_plane + (uint32_t)at->first_line * layer->width,
      .rows = at->channels,
      .row = at->band_lines * layer->width,
      .l1_step = image ? plan->ld : at->band_lines * layer->width,
      .l2_step = layer->x_plane,
  };
  transfer(in, worker, 0, DMA_IN, &lines);
  if (job == 0 || plan->bands > 1) {
    const struct block gradient = {
        .l1 = plan->dy[plan->bands > 1 ? job & 1 : 0],
        .l2 = dy + at->row * layer->out_width,
        .rows = layer->cout,
        .row = at->padded,
        .l1_step = plan->ld,
        .l2_step = layer->y_plane,
    };
    transfer(in, worker, 1, DMA_IN, &gradient);
  }
}

/* The block's parameters, as they lie in both memories. */
static struct block parameter_block(const struct convolution *layer, const struct update_place *at, uint32_t rows,
                                    const REAL *l1, const REAL *l2) {
  return (struct block){
      .l1 = l1,
      .l2 = l2 + at->channel * layer->kernel_h * layer->kernel_w,
      .rows = layer->cout,
      .row = rows,
      .l1_step = rows,
      .l2_step = layer->parameters.ld,
  };
}

static void move_parameters(const struct worker *worker, struct transfers *transfers, uint32_t direction,
                            const struct convolution *layer, const struct update_plan *plan, const struct update_place *at,
                            uint32_t rows) {
  const struct parameters *parameters = &layer->parameters;
  const struct block weights = parameter_block(layer, at, rows, plan->weights, parameters->weights);
  const struct block velocity = parameter_block(layer, at, rows, plan->velocity, parameters->weights_velocity);
  transfer(transfers, worker, 2, direction, &weights);
  transfer(transfers, worker, 3, direction, &velocity);
  if (at->block == 0) {
    const struct block bias = {.l1 = plan->bias, .l2 = parameters->bias, .rows = 1, .row = layer->cout};
    const struct block bias_velocity = {
        .l1 = plan->bias_velocity, .l2 = parameters->bias_velocity, .rows = 1, .row = layer->cout};
    transfer(transfers, worker, 4, direction, &bias);
    transfer(transfers, worker, 5, direction, &bias_velocity);
  }
}

static void apply(const struct worker *worker, REAL *weights, REAL *velocity, const REAL *gradient, uint32_t elements,
                  const struct rates *rates) {
  const struct sgd sgd = {
      .w = (uint32_t *)weights,
      .v = (uint32_t *)velocity,
      .dw = (const uint32_t *)gradient,
      .words = elements / WORD,
      .rate = rates->rate,
      .momentum = rates->momentum,
      .decay = rates->decay,
  };
  KERNEL(sgd)(&sgd, worker->core, worker->team);
}

void convolution_update(const struct worker *worker, const struct convolution *layer, const REAL *x, const REAL *dy,
                        const struct rates *rates) {
  const uint32_t core = worker->core, team = worker->team;
  step_begins(layer->region, WEIGHT_GRADIENT);
  const struct update_plan plan = choose_update(worker, layer);
  record_footprint(worker, layer->region, WEIGHT_GRADIENT, &plan.arena);
  struct transfers in = {0}, parameters = {0};
  struct update_place at = update_place_of(layer, &plan, 0, 0);
  fetch_update(worker, &in, layer, &plan, &at, 0, x, dy);
  const uint32_t jobs = plan.bands * plan.blocks;
  for (uint32_t job = 0; job < jobs; job++) {
    const uint32_t rows = round_up(at.channels * layer->kernel_h * layer->kernel_w, 4);
    const uint32_t last_band = at.band + 1 == plan.bands;
    wait_begins(layer->region, WEIGHT_GRADIENT);
    transfers_wait(&in);
    ennead_barrier();
    wait_ends(layer->region, WEIGHT_GRADIENT);
    struct update_place next = at;
    if (job + 1 < jobs) {
      next = update_place_of(layer, &plan, last_band ? at.block + 1 : at.block, last_band ? 0 : at.band + 1);
      fetch_update(worker, &in, layer, &plan, &next, job + 1, x, dy);
    }
    if (at.band == 0) {
      clear_words(plan.sums, layer->cout * rows, core, team);
      if (at.block == 0) {
        clear_words(plan.bias_sums, layer->cout, core, team);
      }
    }
    const uint32_t channel_lines = at.band_lines * layer->width;
    if (plan.columns) {
      const struct columns gather = {
          .x = plan.x[job & 1],
          .columns = plan.columns,
          .channels = at.channels,
          .height = layer->height,
          .width = layer->width,
          .plane = channel_lines,
          .first_line = at.first_line,
          .kernel_h = layer->kernel_h,
          .kernel_w = layer->kernel_w,
          .stride = layer->stride,
          .pad_y = (int32_t)layer->pad_y,
          .pad_x = (int32_t)layer->pad_x,
          .out_row = at.row,
          .out_rows = at.rows,
          .out_width = layer->out_width,
          .tail = at.padded - at.rows * layer->out_width,
          .rows = rows,
          .ld = plan.ld,
      };
      KERNEL(columns)(&gather, core, team);
    } else if (rows != at.channels) {
      clear_words((uint32_t *)(plan.x[job & 1] + at.channels * plan.ld), (rows - at.channels) * plan.ld / WORD, core, team);
    }
    ennead_barrier();
    const REAL *band_dy = plan.dy[plan.bands > 1 ? job & 1 : 0];
    const struct matmul_dot mm = {
        .a = band_dy,
        .b = plan.columns ? plan.columns : plan.x[job & 1],
        .sums = plan.sums,
        .lda = plan.ld,
        .ldb = plan.ld,
        .n = layer->cout,
        .m = rows,
        .k = at.padded,
        .rows = layer->tiling[WEIGHT_GRADIENT].rows,
    };
    if (last_band) {
      transfers_wait(&parameters);
      ennead_barrier();
      move_parameters(worker, &parameters, DMA_IN, layer, &plan, &at, rows);
    }
    KERNEL(matmul_dot)(&mm, core, team);
    if (at.block == 0) {
      KERNEL(row_sums)
      (plan.bias_sums, (const uint32_t *)band_dy, plan.ld / WORD, layer->cout, at.padded / WORD, core, team);
    }
    if (last_band) {
      ennead_barrier();
      KERNEL(finish_sums)(plan.gradient, plan.sums, NULL, layer->cout * rows, core, team);
      if (at.block == 0) {
        KERNEL(finish_sums)(plan.bias_gradient, plan.bias_sums, NULL, layer->cout, core, team);
      }
      transfers_wait(&parameters);
      ennead_barrier();
      apply(worker, plan.weights, plan.velocity, plan.gradient, layer->cout * rows, rates);
      if (at.block == 0) {
        apply(worker, plan.bias, plan.bias_velocity, plan.bias_gradient, layer->cout, rates);
      }
      ennead_barrier();
      move_parameters(worker, &parameters, DMA_OUT, layer, &plan, &at, rows);
    }
    at = next;
  }
  transfers_wait(&parameters);
  ennead_barrier();
  step_ends(layer->region, WEIGHT_GRADIENT);
}
