/* C = A B in L1 with the tiles of unrolled.h: which tile, and how the team splits C, are parameters. PACKED says which forms.
 *
 * A host may also change the shape (`ennead_shape`). Operands are then the first rows and columns of those in the ELF, and
 * zero beyond; a result of more elements than the expected one is not taken back. */
#include "program.h"
#include "shapes.h"
#include "unrolled.h"

ENNEAD_SIZE(UNROLLED_N);
ENNEAD_SIZE(UNROLLED_M);
ENNEAD_SIZE(UNROLLED_K);

enum { REGION_DMA_IN = 1, REGION_COMPUTE, REGION_DMA_OUT };
ENNEAD_REGION(1, "dma-in");
ENNEAD_REGION(2, "compute");
ENNEAD_REGION(3, "dma-out");

enum {
  N = UNROLLED_N,
  M = UNROLLED_M,
  K = UNROLLED_K,
  WORD = 4 / sizeof(REAL),
  /* Elements of L1 for each operand. */
  MOST_A = 18688,
  MOST_B = 6400,
  MOST_C = 4096,
};

extern const REAL ennead_a[N * K];
extern const REAL ennead_b[K * M];
REAL ennead_output[N * M] __attribute__((aligned(16)));

#ifdef PACKED
extern const REAL ennead_t[M * K]; /* B transposed */
static uint32_t sums[MOST_C] ENNEAD_L1;
#define SUMS sums
#define FORMS UNROLLED_PACKED
#define DEFAULT 0
#else
#define SUMS NULL
#define FORMS UNROLLED_CHAINS
#define DEFAULT 8
#endif

__attribute__((section(".data"))) volatile uint32_t ennead_kernel = DEFAULT;
__attribute__((section(".data"))) volatile uint32_t ennead_split = 0;
__attribute__((section(".data"))) volatile uint32_t ennead_shape[3] = {N, M, K}; /* n, m, k */

static REAL a[MOST_A] ENNEAD_L1;
static REAL b[MOST_B] ENNEAD_L1;
static REAL c[MOST_C] ENNEAD_L1;

static uint32_t least(uint32_t x, uint32_t y) { return x < y ? x : y; }

/* Twice an odd number of words: eight neighbouring rows begin in eight banks. */
static uint32_t row_length(uint32_t elements) {
  const uint32_t words = (elements + WORD - 1) / WORD;
  return ((words + 1) / 4 * 4 + 2) * WORD;
}

static void print_size(const char *name, uint32_t size) {
  ennead_print(name);
  ennead_print_unsigned(size);
}

/* Ends the run where an operand is empty or does not fit. */
static void check(const struct unrolled *mm, uint32_t b_rows) {
  const uint32_t fits = mm->n <= MOST_A && mm->m <= MOST_B && mm->k <= MOST_A && mm->n * mm->lda <= MOST_A &&
                        b_rows * mm->ldb <= MOST_B && mm->n * mm->m <= MOST_C;
  if (mm->n > 0 && mm->m > 0 && mm->k > 0 && fits) {
    return;
  }
  print_size("n ", mm->n);
  print_size(", m ", mm->m);
  print_size(", k ", mm->k);
  if (mm->n == 0 || mm->m == 0 || mm->k == 0) {
    ennead_print(": no size may be 0\n");
  } else {
    print_size(": A, B and C in L1 have room for ", MOST_A);
    print_size(", ", MOST_B);
    print_size(" and ", MOST_C);
    print_size(" elements, and need ", mm->n * mm->lda);
    print_size(", ", b_rows * mm->ldb);
    print_size(" and ", mm->n * mm->m);
    ennead_print("\n");
  }
  ennead_exit(1);
}

static void fetch(REAL *to, uint32_t ld, const REAL *from, uint32_t from_ld, uint32_t rows, uint32_t columns) {
  ennead_dma_wait(ennead_dma_both(DMA_IN, to, ld * sizeof(REAL), from, from_ld * sizeof(REAL), columns * sizeof(REAL), rows));
}

#include "inputs.h"

void ennead_team_main(uint32_t core, uint32_t team) {
  const uint32_t kernel = least(ennead_kernel, FORMS - 1), n = ennead_shape[0], m = ennead_shape[1], k = ennead_shape[2];
#ifdef PACKED
  const uint32_t transposed = kernel < 2;
#else
  const uint32_t transposed = 0;
#endif
  const struct unrolled mm = {
      .a = a,
      .b = b,
      .c = c,
      .sums = SUMS,
      .lda = row_length(k),
      .ldb = transposed ? row_length(k) : (m + WORD - 1) / WORD * WORD,
      .ldc = m,
      .n = n,
      .m = m,
      .k = k,
      .by_columns = ennead_split,
  };
  ENNEAD_BEGIN(REGION_DMA_IN);
  if (core == 0) {
    check(&mm, transposed ? m : k);
    fetch(a, mm.lda, ennead_a, K, least(n, N), least(k, K));
    if (transposed) {
#ifdef PACKED
      fetch(b, mm.ldb, ennead_t, K, least(m, M), least(k, K));
#endif
    } else {
      fetch(b, mm.ldb, ennead_b, M, least(k, K), least(m, M));
    }
  }
  ennead_barrier();
  ENNEAD_END(REGION_DMA_IN);

  ENNEAD_BEGIN(REGION_COMPUTE);
#ifdef PACKED
  KERNEL(matmul_packed)(&mm, kernel, core, team);
#else
  KERNEL(matmul_unrolled)(&mm, kernel, core, team);
#endif
  ennead_barrier();
  ENNEAD_END(REGION_COMPUTE);

  ENNEAD_BEGIN(REGION_DMA_OUT);
  if (core == 0 && n * m <= N * M) {
    ennead_dma_wait(ennead_dma(DMA_OUT, c, ennead_output, n * m * sizeof(REAL)));
  }
  ENNEAD_END(REGION_DMA_OUT);
}
