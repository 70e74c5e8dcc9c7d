/* Tries the kernels on the host: random shapes and team sizes, one worker after the other, against a direct
 * computation. Exit code 1 and a message at the first difference. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "columns.h"
#include "depthwise.h"
#include "elementwise.h"
#include "im2col.h"
#include "im2row.h"
#include "depthwise_any.h"
#include "layout.h"
#include "matmul.h"
#include "matmul_dot.h"
#include "unrolled.h"

static uint32_t state = 1;

static uint32_t below(uint32_t limit) {
  state = state * 1664525u + 1013904223u;
  return (uint32_t)(((uint64_t)state * limit) >> 32);
}

static float sample(void) { return (float)below(2001) / 1000.0f - 1.0f; }

static void fail(const char *what, uint32_t n, uint32_t m, uint32_t k, uint32_t at) {
  fprintf(stderr, "%s differs: n %u, m %u, k %u, element %u\n", what, n, m, k, at);
  exit(1);
}

#define CHECK_MATMUL(name, type, suffix, kernel)                                                                 \
  static void name(void) {                                                                                     \
    const uint32_t n = 1 + below(40), m = 1 + below(40), k = 1 + below(40), team = 1 + below(9);               \
    const uint32_t lda = k + below(4), ldb = (m + 2 * below(4) + 1) & ~1u, ldc = (m + 2 * below(4) + 1) & ~1u; \
    static type a[64 * 64], b[64 * 64], c[64 * 64], bias[64], expected[64 * 64];                               \
    const int biased = below(2);                                                                               \
    for (uint32_t i = 0; i < 64 * 64; i++) {                                                                   \
      a[i] = narrow_##suffix(sample());                                                                                   \
      b[i] = narrow_##suffix(sample());                                                                                   \
      c[i] = expected[i] = narrow_##suffix(42);                                                                           \
      bias[i % 64] = narrow_##suffix(sample());                                                                           \
    }                                                                                                          \
    for (uint32_t row = 0; row < n; row++) {                                                                   \
      for (uint32_t column = 0; column < m; column++) {                                                        \
        type sum = biased ? bias[row] : (type){0};                                                               \
        for (uint32_t i = 0; i < k; i++) {                                                                     \
          sum = fma_##suffix(a[row * lda + i], b[i * ldb + column], sum);                                               \
        }                                                                                                      \
        expected[row * ldc + column] = sum;                                                                    \
      }                                                                                                        \
    }                                                                                                          \
    const struct matmul mm = {a, b, c, biased ? bias : NULL, lda, ldb, ldc, n, m, k, below(3)};                          \
    for (uint32_t core = 0; core < team; core++) {                                                             \
      kernel(&mm, core, team);                                                                                 \
    }                                                                                                          \
    for (uint32_t i = 0; i < 64 * 64; i++) {                                                                   \
      if (memcmp(&c[i], &expected[i], sizeof(type)) != 0) {                                                    \
        fail(#kernel, n, m, k, i);                                                                             \
      }                                                                                                        \
    }                                                                                                          \
  }
CHECK_MATMUL(check_matmul_f32, float, f32, matmul_f32)
CHECK_MATMUL(check_matmul_f16, f16, f16, matmul_f16)
CHECK_MATMUL(check_matmul_bf16, bf16, bf16, matmul_bf16)
CHECK_MATMUL(check_naive_f32, float, f32, matmul_naive_f32)
CHECK_MATMUL(check_naive_f16, f16, f16, matmul_naive_f16)
CHECK_MATMUL(check_naive_bf16, bf16, bf16, matmul_naive_bf16)

#define CHECK_IM2COL(name, type, kernel_function)                                                              \
  static void name(void) {                                                                                     \
    static type x[8 * 16 * 24], columns[8 * 25 * 2600], expected[8 * 25 * 2600];                                 \
    const uint32_t channels = 1 + below(8), height = 5 + below(12), width = 5 + below(12);                     \
    const uint32_t kernel = 1 + below(5), stride = 1 + below(3), padding = below(kernel), team = 1 + below(9); \
    const uint32_t spread = 1 + below(3);                                                                      \
    const uint32_t full_height = (height - 1) * spread + 1, full_width = (width - 1) * spread + 1;             \
    const uint32_t out_height = (full_height + 2 * padding - kernel) / stride + 1;                             \
    const uint32_t out_width = (full_width + 2 * padding - kernel) / stride + 1;                               \
    const uint32_t out_row = below(out_height), out_rows = 1 + below(out_height - out_row);                    \
    const uint32_t ld = out_rows * out_width + below(3);                                                       \
    const uint32_t margin = below(4), ld_x = width + 2 * margin;                                               \
    for (uint32_t i = 0; i < sizeof(x) / sizeof(x[0]); i++) {                                                  \
      x[i] = i % ld_x >= margin && i % ld_x < margin + width ? (type)(i + 1) : (type){0};                        \
    }                                                                                                          \
    memset(columns, 0xAA, sizeof(columns));                                                                    \
    memset(expected, 0xAA, sizeof(expected));                                                                  \
    for (uint32_t row = 0; row < channels * kernel * kernel; row++) {                                          \
      for (uint32_t at = 0; at < out_rows * out_width; at++) {                                                 \
        const int32_t yy = (int32_t)((out_row + at / out_width) * stride + row / kernel % kernel - padding);   \
        const int32_t xx = (int32_t)(at % out_width * stride + row % kernel - padding);                        \
        const int inside = yy >= 0 && xx >= 0 && yy < (int32_t)full_height && xx < (int32_t)full_width &&      \
                           yy % (int32_t)spread == 0 && xx % (int32_t)spread == 0;                             \
        const uint32_t line = row / kernel / kernel * height + (uint32_t)yy / spread;                          \
        expected[row * ld + at] = inside ? x[line * ld_x + margin + (uint32_t)xx / spread] : (type){0};                  \
      }                                                                                                        \
    }                                                                                                          \
    const struct im2col job = {x + margin, columns, channels, height,    width, kernel, stride, padding,       \
                               spread,     out_row, out_rows, out_width, ld,    ld_x,   margin};               \
    for (uint32_t core = 0; core < team; core++) {                                                             \
      kernel_function(&job, core, team);                                                                       \
    }                                                                                                          \
    for (uint32_t i = 0; i < sizeof(columns) / sizeof(columns[0]); i++) {                                      \
      if (columns[i] != expected[i]) {                                                                         \
        fail(#kernel_function, channels, kernel, stride, i);                                                   \
      }                                                                                                        \
    }                                                                                                          \
  }
CHECK_IM2COL(check_im2col_f32, uint32_t, im2col_f32)
CHECK_IM2COL(check_im2col_f16, uint16_t, im2col_f16)

#define CHECK_DOT(name, type, lanes, suffix, kernel)                                                              \
  static void name(void) {                                                                                     \
    const uint32_t n = 1 + below(40), m = 1 + below(40), k = lanes * (1 + below(30)), team = 1 + below(9);     \
    const uint32_t lda = k + lanes * below(3), ldb = k + lanes * below(3);                                     \
    static type a[64 * 64], b[64 * 64], expected[64 * 64][lanes];                                              \
    static uint32_t sums[64 * 64];                                                                             \
    for (uint32_t i = 0; i < 64 * 64; i++) {                                                                   \
      a[i] = narrow_##suffix(sample());                                                                                   \
      b[i] = narrow_##suffix(sample());                                                                                   \
      for (uint32_t lane = 0; lane < lanes; lane++) {                                                          \
        expected[i][lane] = narrow_##suffix(sample());                                                                    \
      }                                                                                                        \
    }                                                                                                          \
    memcpy(sums, expected, sizeof(sums));                                                                      \
    for (uint32_t row = 0; row < n; row++) {                                                                   \
      for (uint32_t column = 0; column < m; column++) {                                                        \
        for (uint32_t i = 0; i < k; i++) {                                                                     \
          type *sum = &expected[row * m + column][i % lanes];                                                  \
          *sum = fma_##suffix(a[row * lda + i], b[column * ldb + i], *sum);                                             \
        }                                                                                                      \
      }                                                                                                        \
    }                                                                                                          \
    const struct matmul_dot mm = {a, b, sums, lda, ldb, n, m, k, below(3)};                                              \
    for (uint32_t core = 0; core < team; core++) {                                                             \
      kernel(&mm, core, team);                                                                                 \
    }                                                                                                          \
    for (uint32_t i = 0; i < 64 * 64; i++) {                                                                   \
      if (memcmp(&sums[i], expected[i], 4) != 0) {                                                             \
        fail(#kernel, n, m, k, i);                                                                             \
      }                                                                                                        \
    }                                                                                                          \
  }
CHECK_DOT(check_dot_f32, float, 1, f32, matmul_dot_f32)
CHECK_DOT(check_dot_f16, f16, 2, f16, matmul_dot_f16)
CHECK_DOT(check_dot_bf16, bf16, 2, bf16, matmul_dot_bf16)

#define CHECK_COLUMNS(name, type, kernel_function)                                                             \
  static void name(void) {                                                                                     \
    enum { LD = 14 * 14 + 8, GUARD = 4 };                                                                      \
    const uint32_t channels = 1 + below(3), height = 1 + below(12), width = 1 + below(12);                     \
    const uint32_t kernel_h = 1 + below(4), kernel_w = 1 + below(4), stride = 1 + below(3);                    \
    const int32_t pad_y = (int32_t)below(kernel_h), pad_x = (int32_t)below(kernel_w);                          \
    const uint32_t out_height = 1 + below(12), out_width = below(2) ? width : 1 + below(14);                   \
    const uint32_t out_row = below(out_height), out_rows = 1 + below(out_height - out_row);                    \
    const uint32_t tail = below(4), team = 1 + below(9);                                                       \
    const uint32_t taps = channels * kernel_h * kernel_w, rows = taps + below(3);                              \
    static type image[3 * 12 * 12], band[GUARD + 3 * 12 * 12 + GUARD], columns[(3 * 16 + 2) * LD];             \
    for (uint32_t i = 0; i < channels * height * width; i++) {                                                 \
      image[i] = (type)(i + 1);                                                                                \
    }                                                                                                          \
    int32_t first = (int32_t)(out_row * stride) - pad_y, last = first + (int32_t)((out_rows - 1) * stride + kernel_h); \
    first = first < 0 ? 0 : first;                                                                             \
    last = last > (int32_t)height ? (int32_t)height : last;                                                    \
    if (first >= last) {                                                                                       \
      return;                                                                                                  \
    }                                                                                                          \
    const uint32_t plane = (uint32_t)(last - first) * width;                                                   \
    for (uint32_t channel = 0; channel < channels; channel++) {                                                \
      memcpy(band + GUARD + channel * plane, image + (channel * height + (uint32_t)first) * width,             \
             plane * sizeof(type));                                                                            \
    }                                                                                                          \
    memset(columns, 0xFF, sizeof(columns));                                                                    \
    const struct columns job = {band + GUARD, columns, channels, height,  width,    plane,     first, kernel_h, kernel_w, \
                                stride,       pad_y,   pad_x,    out_row, out_rows, out_width, tail,  rows,     LD};      \
    for (uint32_t core = 0; core < team; core++) {                                                             \
      kernel_function(&job, core, team);                                                                       \
    }                                                                                                          \
    for (uint32_t row = 0; row < rows; row++) {                                                                \
      for (uint32_t at = 0; at < LD; at++) {                                                                   \
        const int32_t y = (int32_t)((out_row + at / out_width) * stride + row / kernel_w % kernel_h) - pad_y;  \
        const int32_t x = (int32_t)(at % out_width * stride + row % kernel_w) - pad_x;                         \
        const int inside = row < taps && at < out_rows * out_width && y >= 0 && x >= 0 && y < (int32_t)height && \
                           x < (int32_t)width;                                                                 \
        const uint32_t line = row / kernel_w / kernel_h * height + (uint32_t)y;                                \
        type expected = at < out_rows * out_width + tail ? 0 : (type)-1;                                       \
        if (inside) {                                                                                          \
          expected = image[line * width + (uint32_t)x];                                                        \
        }                                                                                                      \
        if (columns[row * LD + at] != expected) {                                                              \
          fail(#kernel_function, width, kernel_w, stride, row * LD + at);                                      \
        }                                                                                                      \
      }                                                                                                        \
    }                                                                                                          \
  }
CHECK_COLUMNS(check_columns_f32, uint32_t, columns_f32)
CHECK_COLUMNS(check_columns_f16, uint16_t, columns_f16)

#define CHECK_DEPTHWISE(name, type, suffix, kernel_function)                                                      \
  static void name(void) {                                                                                     \
    enum { MOST = 9 * 9 + 1 };                                                                                 \
    const uint32_t channels = 1 + below(5), height = 1 + below(9), width = 1 + below(9), team = 1 + below(9);  \
    const uint32_t plane = (height * width + 1) & ~1u, reverse = below(2);                                     \
    static type x[5 * MOST], y[5 * MOST], weights[5 * DEPTHWISE_LD], bias[5];                                  \
    static type space[9 * DEPTHWISE_SPACE(9, 9)];                                                              \
    for (uint32_t i = 0; i < 5 * MOST; i++) {                                                                  \
      x[i] = narrow_##suffix(sample());                                                                                   \
    }                                                                                                          \
    for (uint32_t i = 0; i < 5 * DEPTHWISE_LD; i++) {                                                          \
      weights[i] = narrow_##suffix(sample());                                                                             \
      bias[i / DEPTHWISE_LD] = narrow_##suffix(sample());                                                                 \
    }                                                                                                          \
    const struct depthwise job = {x, y, weights, bias, NULL, space, channels, height, width, plane, 0, reverse}; \
    for (uint32_t core = 0; core < team; core++) {                                                             \
      kernel_function(&job, core, team);                                                                       \
    }                                                                                                          \
    for (uint32_t at = 0; at < channels * plane; at++) {                                                       \
      const uint32_t channel = at / plane, position = at % plane;                                              \
      type sum = position < height * width ? bias[channel] : (type){0};                                          \
      for (uint32_t tap = 0; position < height * width && tap < 9; tap++) {                                    \
        const uint32_t yy = position / width + tap / 3 - 1, xx = position % width + tap % 3 - 1;               \
        const type pixel = yy < height && xx < width ? x[channel * plane + yy * width + xx] : (type){0};         \
        sum = fma_##suffix(pixel, weights[channel * DEPTHWISE_LD + (reverse ? 8 - tap : tap)], sum);                    \
      }                                                                                                        \
      if (memcmp(&y[at], &sum, sizeof(sum)) != 0) {                                                            \
        fail(#kernel_function, channels, height, width, at);                                                   \
      }                                                                                                        \
    }                                                                                                          \
  }
CHECK_DEPTHWISE(check_depthwise_f32, float, f32, depthwise_f32)
CHECK_DEPTHWISE(check_depthwise_f16, f16, f16, depthwise_f16)
CHECK_DEPTHWISE(check_depthwise_bf16, bf16, bf16, depthwise_bf16)

/* Every form, split and team; C beyond n x m has to stay. */
#define CHECK_UNROLLED(type, real, packed)                                                                     \
  static void check_unrolled##packed##_##type(void) {                                                          \
    enum { FORMS = sizeof(#packed) > 1 ? UNROLLED_PACKED : UNROLLED_CHAINS };                                  \
    const uint32_t n = 1 + below(20), m = 1 + below(20), k = 1 + below(12), team = 1 + below(9);               \
    const uint32_t number = below(FORMS), transposed = sizeof(#packed) > 1 && number < 2;                      \
    const uint32_t lda = (k + 1) & ~1u, ldb = ((transposed ? k : m) + 1) & ~1u, ldc = m + below(3);            \
    static real a[32 * 32], b[32 * 32], c[32 * 32], expected[32 * 32];                                         \
    static uint32_t sums[32 * 32];                                                                             \
    for (uint32_t i = 0; i < 32 * 32; i++) {                                                                   \
      a[i] = narrow_##type(sample());                                                                          \
      b[i] = narrow_##type(sample());                                                                          \
      c[i] = expected[i] = narrow_##type(42);                                                                  \
    }                                                                                                          \
    for (uint32_t at = 0; at < n * m; at++) {                                                                  \
      real sum[2] = {narrow_##type(0), narrow_##type(0)};                                                                                \
      for (uint32_t i = 0; i < k; i++) {                                                                       \
        real *lane = &sum[sizeof(#packed) > 1 ? i & 1 : 0];                                                    \
        *lane = fma_##type(a[at / m * lda + i], b[transposed ? at % m * ldb + i : i * ldb + at % m], *lane);   \
      }                                                                                                        \
      expected[at / m * ldc + at % m] = sizeof(#packed) > 1 ? add_##type(sum[0], sum[1]) : sum[0];             \
    }                                                                                                          \
    const struct unrolled mm = {a, b, c, sums, lda, ldb, ldc, n, m, k, below(2)};                              \
    for (uint32_t core = 0; core < team; core++) {                                                             \
      CHECKED##packed(type)(&mm, number, core, team);                                                          \
    }                                                                                                          \
    for (uint32_t i = 0; i < 32 * 32; i++) {                                                                   \
      if (memcmp(&c[i], &expected[i], sizeof(real)) != 0) {                                                    \
        fail("unrolled" #packed "_" #type, n, m, k, i);                                                        \
      }                                                                                                        \
    }                                                                                                          \
  }
#define CHECKED(type) matmul_unrolled_##type
#define CHECKED_packed(type) matmul_packed_##type
CHECK_UNROLLED(f32, float, )
CHECK_UNROLLED(f16, f16, )
CHECK_UNROLLED(bf16, bf16, )
CHECK_UNROLLED(f16, f16, _packed)
CHECK_UNROLLED(bf16, bf16, _packed)

/* The matrix of an image in HWC, with lines and columns before the image left out where the padding is negative. */
#define CHECK_IM2ROW(name, type, kernel_function)                                                              \
  static void name(void) {                                                                                     \
    enum { LD = 4 * 4 * 5 + 2, MOST = 12 };                                                                    \
    const uint32_t channels = 1 + below(5), height = 1 + below(MOST), width = 1 + below(MOST);                 \
    const uint32_t kernel_h = 1 + below(4), kernel_w = 1 + below(4), stride = 1 + below(3), team = 1 + below(9); \
    const int32_t pad_y = (int32_t)below(6) - 2, pad_x = (int32_t)below(6) - 2;                                \
    const uint32_t out_height = 1 + below(MOST), out_width = 1 + below(MOST);                                  \
    static type x[MOST * MOST * 5], rows[MOST * MOST * LD];                                                    \
    for (uint32_t i = 0; i < sizeof(x) / sizeof(x[0]); i++) {                                                  \
      x[i] = (type)(i + 1);                                                                                    \
    }                                                                                                          \
    memset(rows, 0xFF, sizeof(rows));                                                                          \
    const struct im2row job = {x,     rows,  channels,   height,    width, kernel_h, kernel_w, stride,         \
                               pad_y, pad_x, out_height, out_width, LD};                                       \
    for (uint32_t core = 0; core < team; core++) {                                                             \
      kernel_function(&job, core, team);                                                                       \
    }                                                                                                          \
    for (uint32_t i = 0; i < out_height * out_width * LD; i++) {                                               \
      const uint32_t at = i / LD, tap = i % LD / channels;                                                     \
      const int32_t y = (int32_t)(at / out_width * stride + tap / kernel_w) - pad_y;                           \
      const int32_t xx = (int32_t)(at % out_width * stride + tap % kernel_w) - pad_x;                          \
      type expected = tap < kernel_h * kernel_w ? 0 : (type)-1;                                                \
      if (tap < kernel_h * kernel_w && y >= 0 && xx >= 0 && y < (int32_t)height && xx < (int32_t)width) {      \
        expected = x[((uint32_t)y * width + (uint32_t)xx) * channels + i % LD % channels];                     \
      }                                                                                                        \
      if (rows[i] != expected) {                                                                               \
        fail(#kernel_function, height, width, channels, i);                                                    \
      }                                                                                                        \
    }                                                                                                          \
  }
CHECK_IM2ROW(check_im2row_f32, uint32_t, im2row_f32)
CHECK_IM2ROW(check_im2row_f16, uint16_t, im2row_f16)

/* The three steps, each straight from its definition; all numbers are small integers, so that any order is exact. */
#define CHECK_DEPTHWISE_ANY(suffix, type)                                                                      \
  static void check_depthwise_any_##suffix(void) {                                                             \
    enum { MOST = 9, CHANNELS = 3 };                                                                           \
    const uint32_t kernel = 1 + below(5), stride = 1 + below(3), padding = below(kernel), team = 1 + below(5); \
    const uint32_t least = kernel > 2 * padding ? kernel - 2 * padding : 1;                                    \
    const uint32_t height = least + below(MOST - least + 1), width = least + below(MOST - least + 1);          \
    const uint32_t out_height = (height + 2 * padding - kernel) / stride + 1;                                  \
    const uint32_t out_width = (width + 2 * padding - kernel) / stride + 1;                                    \
    const uint32_t plane = height * width, out_plane = out_height * out_width, taps = kernel * kernel;         \
    const uint32_t larger_h = height > out_height ? height : out_height;                                       \
    const uint32_t larger_w = width > out_width ? width : out_width;                                           \
    const uint32_t space = DEPTHWISE_ANY_SPACE(larger_h, larger_w, kernel);                                    \
    type *const work = malloc(team * space * sizeof(type));                                                    \
    type x[CHANNELS * MOST * MOST], dy[CHANNELS * 13 * 13], weights[CHANNELS * 25], bias[CHANNELS];            \
    type y[CHANNELS * 13 * 13], dx[CHANNELS * MOST * MOST], dw[CHANNELS * 25], db[CHANNELS];                   \
    for (uint32_t i = 0; i < CHANNELS * 13 * 13; i++) {                                                        \
      dy[i] = narrow_##suffix((float)below(2) - (float)below(2));                                              \
      x[i % (CHANNELS * MOST * MOST)] = narrow_##suffix((float)below(2) - (float)below(2));                    \
      weights[i % (CHANNELS * 25)] = narrow_##suffix((float)below(2) - (float)below(2));                       \
      bias[i % CHANNELS] = narrow_##suffix((float)below(3));                                                   \
    }                                                                                                          \
    struct depthwise_any job = {x,      dy,    weights,    bias,      y,      db,     work,    CHANNELS,       \
                                height, width, out_height, out_width, kernel, stride, padding, space};         \
    for (uint32_t core = 0; core < team; core++) {                                                             \
      job.result = y;                                                                                          \
      depthwise_any_##suffix(&job, core, team);                                                                \
      job.result = dx;                                                                                         \
      depthwise_any_input_##suffix(&job, core, team);                                                          \
      job.result = dw;                                                                                         \
      depthwise_any_weights_##suffix(&job, core, team);                                                        \
    }                                                                                                          \
    float ys[CHANNELS * 13 * 13], dxs[CHANNELS * MOST * MOST] = {0}, dws[CHANNELS * 25] = {0}, dbs[CHANNELS] = {0}; \
    for (uint32_t at = 0; at < CHANNELS * out_plane; at++) {                                                   \
      const uint32_t c = at / out_plane, oy = at % out_plane / out_width, ox = at % out_width;                 \
      ys[at] = widen_##suffix(bias[c]);                                                                        \
      dbs[c] += widen_##suffix(dy[at]);                                                                        \
      for (uint32_t tap = 0; tap < taps; tap++) {                                                              \
        const uint32_t iy = oy * stride + tap / kernel - padding, ix = ox * stride + tap % kernel - padding;   \
        if (iy < height && ix < width) {                                                                       \
          const uint32_t from = c * plane + iy * width + ix;                                                   \
          ys[at] += widen_##suffix(x[from]) * widen_##suffix(weights[c * taps + tap]);                         \
          dxs[from] += widen_##suffix(dy[at]) * widen_##suffix(weights[c * taps + tap]);                       \
          dws[c * taps + tap] += widen_##suffix(dy[at]) * widen_##suffix(x[from]);                             \
        }                                                                                                      \
      }                                                                                                        \
    }                                                                                                          \
    for (uint32_t i = 0; i < CHANNELS * (plane + out_plane + taps + 1); i++) {                                 \
      const uint32_t a = CHANNELS * out_plane, b = a + CHANNELS * plane, c = b + CHANNELS * taps;              \
      const type found = i < a ? y[i] : i < b ? dx[i - a] : i < c ? dw[i - b] : db[i - c];                     \
      const float expected = i < a ? ys[i] : i < b ? dxs[i - a] : i < c ? dws[i - b] : dbs[i - c];             \
      if (widen_##suffix(found) != expected) {                                                                 \
        fail("depthwise_any_" #suffix, height, width, kernel, i);                                              \
      }                                                                                                        \
    }                                                                                                          \
    free(work);                                                                                                \
  }
CHECK_DEPTHWISE_ANY(f32, float)
CHECK_DEPTHWISE_ANY(f16, f16)
CHECK_DEPTHWISE_ANY(bf16, bf16)

static void check_flip(void) {
  static uint16_t from[16 * 16 * 25], to[16 * 16 * 25];
  const uint32_t cout = 1 + below(16), cin = 1 + below(16), taps = 1 + below(24), team = 1 + below(9);
  for (uint32_t i = 0; i < 16 * 16 * 25; i++) {
    from[i] = (uint16_t)i;
  }
  const struct flip flip = {from, to, cout, cin, taps, cin * taps, cout * taps};
  for (uint32_t core = 0; core < team; core++) {
    flip_weights_f16(&flip, core, team);
  }
  for (uint32_t i = 0; i < cout * cin * taps; i++) {
    const uint32_t tap = i % taps, ci = i / taps % cin, co = i / taps / cin;
    if (to[(ci * cout + co) * taps + taps - 1 - tap] != from[i]) {
      fail("flip_weights_f16", cout, cin, taps, i);
    }
  }
}

int main(void) {
  for (int round = 0; round < 2000; round++) {
    check_matmul_f32();
    check_matmul_f16();
    check_matmul_bf16();
    check_naive_f32();
    check_naive_f16();
    check_naive_bf16();
    check_im2col_f32();
    check_im2col_f16();
    check_dot_f32();
    check_dot_f16();
    check_dot_bf16();
    check_flip();
    check_unrolled_f32();
    check_unrolled_f16();
    check_unrolled_bf16();
    check_unrolled_packed_f16();
    check_unrolled_packed_bf16();
    check_im2row_f32();
    check_im2row_f16();
    check_depthwise_any_f32();
    check_depthwise_any_f16();
    check_depthwise_any_bf16();
    check_columns_f32();
    check_columns_f16();
    check_depthwise_f32();
    check_depthwise_f16();
    check_depthwise_bf16();
  }
  puts("kernels agree with direct computation");
  return 0;
}
