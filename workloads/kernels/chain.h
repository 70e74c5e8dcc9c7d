/* One element of a matrix product: a chain of fused multiply-adds along a row of A and a column of B. The plain loop:
 * two loads and a multiply-add for each step, in a hardware loop. */
#ifndef ENNEAD_CHAIN_H
#define ENNEAD_CHAIN_H

#include "ennead.h"

#ifdef ENNEAD_HOST

#define ENNEAD_CHAIN(type, real)                                                                               \
  ENNEAD_INLINE real chain_##type(const real *a, const real *b, uint32_t b_step, uint32_t k, real sum) {       \
    for (; k > 0; k--, a++, b = (const real *)((const char *)b + b_step)) {                                    \
      sum = fma_##type(*a, *b, sum);                                                                           \
    }                                                                                                          \
    return sum;                                                                                                \
  }
ENNEAD_CHAIN(f32, float)
ENNEAD_CHAIN(f16, f16)
ENNEAD_CHAIN(bf16, bf16)

#else

#ifdef __riscv_flen
/* There is no post-increment load to an f-register. */
#define ENNEAD_CHAIN_WORDS 5
#define ENNEAD_CHAIN_f32 "flw %0, 0(%3)\nflw %1, 0(%4)\naddi %3, %3, 4\nadd %4, %4, %5\nfmadd.s %2, %0, %1, %2\n"
#define ENNEAD_CHAIN_HALF "flh %0, 0(%3)\nflh %1, 0(%4)\naddi %3, %3, 2\nadd %4, %4, %5\n"
#else
/* p.lw rd, 4(rs1!); p.lw rd, rs2(rs1!); and the same with p.lhu. */
#define ENNEAD_CHAIN_WORDS 3
#define ENNEAD_CHAIN_f32 ".insn i 0x0b, 2, %0, 4(%3)\n.insn r 0x0b, 7, 0x10, %1, %4, %5\nfmadd.s %2, %0, %1, %2\n"
#define ENNEAD_CHAIN_HALF ".insn i 0x0b, 5, %0, 2(%3)\n.insn r 0x0b, 7, 0x28, %1, %4, %5\n"
#endif

#define ENNEAD_CHAIN_f16 ENNEAD_CHAIN_HALF "fmadd.h %2, %0, %1, %2\n"
#define ENNEAD_CHAIN_bf16 ENNEAD_CHAIN_HALF ".insn r4 0x43, 5, 2, %2, %0, %1, %2\n" /* fmadd.ah */

/* From `sum`, along k (at least 1) elements of `a` and those of `b` that lie `b_step` bytes apart. `in_register` is how
 * the compiler holds an element. */
#define ENNEAD_CHAIN(type, real, in_register)                                                                  \
  ENNEAD_INLINE real chain_##type(const real *a, const real *b, uint32_t b_step, uint32_t k, real start) {     \
    union {                                                                                                    \
      real element;                                                                                            \
      in_register value;                                                                                       \
    } sum = {.element = start};                                                                                \
    in_register from_a, from_b;                                                                                \
    __asm__ volatile(".balign 4\n.option push\n.option norvc\n" ENNEAD_LOOP("%6", ENNEAD_CHAIN_WORDS)          \
                     ENNEAD_CHAIN_##type ".option pop\n"                                                       \
                     : "=&" ENNEAD_FLOAT(from_a), "=&" ENNEAD_FLOAT(from_b), "+" ENNEAD_FLOAT(sum.value),      \
                       "+r"(a), "+r"(b)                                                                        \
                     : "r"(b_step), "r"(k)                                                                     \
                     : "memory");                                                                              \
    return sum.element;                                                                                        \
  }
ENNEAD_CHAIN(f32, float, float)
ENNEAD_CHAIN(f16, f16, f16)
ENNEAD_CHAIN(bf16, bf16, f16)

#endif

#endif
