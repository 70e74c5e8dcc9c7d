/* Tries the kernels on the host: random shapes and team sizes, one worker after the other, against a direct
 * computation. Exit code 1 and a message at the first difference. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "elementwise.h"
#include "im2col.h"
#include "layout.h"
#include "matmul.h"
#include "matmul_dot.h"

static uint32_t state = 1;

static uint32_t below(uint32_t limit) {
  state = state * 1664525u + 1013904223u;
  return (uint32_t)(((uint64_t)state * limit) >> 32);
}

static double sample(void) { return below(2001) / 1000.0 - 1.0; }

static void fail(const char *what, uint32_t n, uint32_t m, uint32_t k, uint32_t at) {
  fprintf(stderr, "%s differs: n %u, m %u, k %u, element %u\n", what, n, m, k, at);
  exit(1);
}

#define CHECK_MATMUL(name, type, fma, kernel)                                                                  \
  static void name(void) {                                                                                     \
    const uint32_t n = 1 + below(40), m = 1 + below(40), k = 1 + below(40), team = 1 + below(9);               \
    const uint32_t lda = k + below(4), ldb = (m + 2 * below(4) + 1) & ~1u, ldc = (m + 2 * below(4) + 1) & ~1u; \
    static type a[64 * 64], b[64 * 64], c[64 * 64], bias[64], expected[64 * 64];                               \
    const int biased = below(2);                                                                               \
    for (uint32_t i = 0; i < 64 * 64; i++) {                                                                   \
      a[i] = (type)sample();                                                                                   \
      b[i] = (type)sample();                                                                                   \
      c[i] = expected[i] = (type)42;                                                                           \
      bias[i % 64] = (type)sample();                                                                           \
    }                                                                                                          \
    for (uint32_t row = 0; row < n; row++) {                                                                   \
      for (uint32_t column = 0; column < m; column++) {                                                        \
        type sum = biased ? bias[row] : (type)0;                                                               \
        for (uint32_t i = 0; i < k; i++) {                                                                     \
          sum = fma(a[row * lda + i], b[i * ldb + column], sum);                                               \
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
CHECK_MATMUL(check_matmul_f32, float, fma_f32, matmul_f32)
CHECK_MATMUL(check_matmul_f16, f16, fma_f16, matmul_f16)
CHECK_MATMUL(check_naive_f32, float, fma_f32, matmul_naive_f32)
CHECK_MATMUL(check_naive_f16, f16, fma_f16, matmul_naive_f16)

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
      x[i] = i % ld_x >= margin && i % ld_x < margin + width ? (type)(i + 1) : (type)0;                        \
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
        expected[row * ld + at] = inside ? x[line * ld_x + margin + (uint32_t)xx / spread] : (type)0;                  \
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

#define CHECK_DOT(name, type, lanes, fma, kernel)                                                              \
  static void name(void) {                                                                                     \
    const uint32_t n = 1 + below(40), m = 1 + below(40), k = lanes * (1 + below(30)), team = 1 + below(9);     \
    const uint32_t lda = k + lanes * below(3), ldb = k + lanes * below(3);                                     \
    static type a[64 * 64], b[64 * 64], expected[64 * 64][lanes];                                              \
    static uint32_t sums[64 * 64];                                                                             \
    for (uint32_t i = 0; i < 64 * 64; i++) {                                                                   \
      a[i] = (type)sample();                                                                                   \
      b[i] = (type)sample();                                                                                   \
      for (uint32_t lane = 0; lane < lanes; lane++) {                                                          \
        expected[i][lane] = (type)sample();                                                                    \
      }                                                                                                        \
    }                                                                                                          \
    memcpy(sums, expected, sizeof(sums));                                                                      \
    for (uint32_t row = 0; row < n; row++) {                                                                   \
      for (uint32_t column = 0; column < m; column++) {                                                        \
        for (uint32_t i = 0; i < k; i++) {                                                                     \
          type *sum = &expected[row * m + column][i % lanes];                                                  \
          *sum = fma(a[row * lda + i], b[column * ldb + i], *sum);                                             \
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
CHECK_DOT(check_dot_f32, float, 1, fma_f32, matmul_dot_f32)
CHECK_DOT(check_dot_f16, f16, 2, fma_f16, matmul_dot_f16)

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
    check_naive_f32();
    check_naive_f16();
    check_im2col_f32();
    check_im2col_f16();
    check_dot_f32();
    check_dot_f16();
    check_flip();
  }
  puts("kernels agree with direct computation");
  return 0;
}
