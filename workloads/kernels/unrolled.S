/* The inner loops of unrolled.h: tiles of C, each one hardware loop over k.
 *
 * Registers are numbers here, so that one macro makes every tile, and instructions are words. Macros take `half`: 0 for
 * FP32, 1 for FP16, 2 for bfloat16; and `form`: */
#define CHAIN 0   /* an element of A and of B at a time */
#define PAIRS 1   /* two steps of k at a time, B transposed */
#define SHUFFLE 2 /* two steps of k at a time, B as it is: its elements are paired in registers */

#define ARG_A 0
#define ARG_A_STEP 4
#define ARG_B 8
#define ARG_B_STEP 12
#define ARG_B_NEXT 16
#define ARG_C 20
#define ARG_C_STEP 24
#define ARG_C_NEXT 28
#define ARG_STEPS 32
#define ARG_TILES 36

#define ELEMENT(half) (4 >> (((half) + 1) / 2))

/* ---- Instructions as words: registers and immediates are numbers -------------------------------------------- */
.macro op_addi d, a, immediate
  .4byte 0x00000013 | (\d) << 7 | (\a) << 15 | ((\immediate) & 0xfff) << 20
.endm
.macro op_add d, a, b
  .4byte 0x00000033 | (\d) << 7 | (\a) << 15 | (\b) << 20
.endm
.macro op_lw d, offset, base
  .4byte 0x00002003 | (\d) << 7 | (\base) << 15 | (\offset) << 20
.endm

#ifdef __riscv_flen

#define SHUFFLE2 0xe000007b /* cv.shuffle2.h */
#define PACK 0xf000007b     /* cv.pack */

.macro loop count, words /* cv.setup 0 */
  .insn i 0x2b, 4, x14, \count, (\words) + 1
.endm
.macro load half, d, offset, base /* flw or flh */
  .4byte (0x00002007 - 0x1000 * ((\half + 1) / 2)) | (\d) << 7 | (\base) << 15 | (\offset) << 20
.endm
.macro store half, s, offset, base /* fsw or fsh */
  .4byte (0x00002027 - 0x1000 * ((\half + 1) / 2)) | ((\offset) & 0x1f) << 7 | (\base) << 15 | (\s) << 20 | ((\offset) >> 5) << 25
.endm
.macro zero d /* fmv.w.x from x0 */
  .4byte 0xf0000053 | (\d) << 7
.endm
/* There is no post-increment load to an f-register: ADVANCE instructions for each pointer. */
#define ADVANCE 1
.macro load_next half, d, base
  load \half, \d, 0, \base
.endm
.macro advance base, by
  op_addi \base, \base, \by
.endm
.macro load_step half, d, base, step
  load \half, \d, 0, \base
  op_add \base, \base, \step
.endm

#else

#define SHUFFLE2 0xc8000057 /* pv.shuffle2.h */
#define PACK 0xd0000057     /* pv.pack.h */

.macro loop count, words /* lp.setup 0 */
  .insn i 0x7b, 4, x0, \count, 2 * (\words)
.endm
.macro load half, d, offset, base /* lw or lhu */
  .4byte (0x00002003 + 0x3000 * ((\half + 1) / 2)) | (\d) << 7 | (\base) << 15 | (\offset) << 20
.endm
.macro store half, s, offset, base /* sw or sh */
  .4byte (0x00002023 - 0x1000 * ((\half + 1) / 2)) | ((\offset) & 0x1f) << 7 | (\base) << 15 | (\s) << 20 | ((\offset) >> 5) << 25
.endm
.macro zero d
  op_addi \d, 0, 0
.endm
#define ADVANCE 0
.macro load_next half, d, base /* p.lw or p.lhu, post-increment by an element */
  .4byte (0x0000200b + 0x3000 * ((\half + 1) / 2)) | (\d) << 7 | (\base) << 15 | ELEMENT(\half) << 20
.endm
.macro advance base, by
.endm
.macro load_step half, d, base, step /* p.lw or p.lhu, post-increment by a register */
  .4byte (0x2000700b + 0x30000000 * ((\half + 1) / 2)) | (\d) << 7 | (\base) << 15 | (\step) << 20
.endm

#endif

/* fmadd.s, fmadd.h, fmadd.ah; vfmac.h, vfmac.ah */
.macro multiply form, half, c, a, b
.if \form != CHAIN
  .4byte 0x90000033 | (3 - \half) << 12 | (\c) << 7 | (\a) << 15 | (\b) << 20
.elseif \half == 0
  .4byte 0x00000043 | (\c) << 7 | (\a) << 15 | (\b) << 20 | (\c) << 27
.else
  .4byte 0x04000043 | (9 - 2 * \half) << 12 | (\c) << 7 | (\a) << 15 | (\b) << 20 | (\c) << 27
.endif
.endm

.macro multiply_all form, half, rows, columns, acc, a, b
  .set .Lrow, 0
  .rept \rows
  .set .Lcolumn, 0
  .rept \columns
  multiply \form, \half, \acc + \columns * .Lrow + .Lcolumn, \a + .Lrow, \b + .Lcolumn
  .set .Lcolumn, .Lcolumn + 1
  .endr
  .set .Lrow, .Lrow + 1
  .endr
.endm

.macro load_rows half, rows, a, pointer
  .set .Lrow, 0
  .rept \rows
  load_next \half, \a + .Lrow, \pointer + .Lrow
  .set .Lrow, .Lrow + 1
  .endr
.endm

.macro advance_all count, pointer, by
  .set .Lrow, 0
  .rept \count
  advance \pointer + .Lrow, \by
  .set .Lrow, .Lrow + 1
  .endr
.endm

/* A pointer for each of `count` rows, from a and step in integer registers. */
.macro pointers count, pointer, step
  .set .Lrow, 1
  .rept \count - 1
  op_add \pointer + .Lrow, \pointer + .Lrow - 1, \step
  .set .Lrow, .Lrow + 1
  .endr
.endm

/* What the loop does. CHAIN: rows + columns loads, and pointers; rows * columns multiplications. */
.macro body_chain half, rows, columns, acc, a, b, pointer, from, step
  load_rows \half, \rows, \a, \pointer
  .set .Lcolumn, \columns - 1
  .rept \columns - 1
  load \half, \b + .Lcolumn, ELEMENT(\half) * .Lcolumn, \from
  .set .Lcolumn, .Lcolumn - 1
  .endr
  load_step \half, \b, \from, \step
  advance_all \rows, \pointer, ELEMENT(\half)
  multiply_all CHAIN, \half, \rows, \columns, \acc, \a, \b
.endm

/* PAIRS: words of A and of B^T. */
.macro body_pairs half, rows, columns, acc, a, b, pointer, from
  load_rows 0, \rows, \a, \pointer
  load_rows 0, \columns, \b, \from
  advance_all \rows, \pointer, 4
  advance_all \columns, \from, 4
  multiply_all PAIRS, \half, \rows, \columns, \acc, \a, \b
.endm

/* SHUFFLE: x12 and x13 are words of row k, x14 and x15 of row k + 1, x11 selects their upper halves; the pairs of columns
 * 0 to 3 come to lie in x16, x12, x17, x13. x5 and x7 walk over the rows, x6 is twice their step. */
.macro body_shuffle half, rows, columns, acc, a, b, pointer
  load_rows 0, \rows, \a, \pointer
.if \columns > 2
  op_lw 13, 4, 5
  op_lw 15, 4, 7
.endif
  op_lw 12, 0, 5
  op_lw 14, 0, 7
  op_add 5, 5, 6
  op_add 7, 7, 6
  advance_all \rows, \pointer, 4
  .4byte PACK | 16 << 7 | 14 << 15 | 12 << 20
  .4byte SHUFFLE2 | 12 << 7 | 14 << 15 | 11 << 20
.if \columns > 2
  .4byte PACK | 17 << 7 | 15 << 15 | 13 << 20
  .4byte SHUFFLE2 | 13 << 7 | 15 << 15 | 11 << 20
.endif
#ifdef __riscv_flen
  fmv.w.x f28, x16
  fmv.w.x f29, x12
.if \columns > 2
  fmv.w.x f30, x17
  fmv.w.x f31, x13
.endif
  multiply_all SHUFFLE, \half, \rows, \columns, \acc, \a, \b
#else
  .set .Lrow, 0
  .rept \rows
  multiply SHUFFLE, \half, \acc + \columns * .Lrow, \a + .Lrow, 16
  multiply SHUFFLE, \half, \acc + \columns * .Lrow + 1, \a + .Lrow, 12
.if \columns > 2
  multiply SHUFFLE, \half, \acc + \columns * .Lrow + 2, \a + .Lrow, 17
  multiply SHUFFLE, \half, \acc + \columns * .Lrow + 3, \a + .Lrow, 13
.endif
  .set .Lrow, .Lrow + 1
  .endr
#endif
.endm

/* acc, a, b: first of the accumulators, elements of A, elements of B; pointer: first of the rows of A; from, step: the row
 * of B and its step (PAIRS: first of the columns); count, scratch: used before the loop only. */
.macro unrolled name, form, half, rows, columns, acc, a, b, pointer, from, step, count, scratch
  .section .text.kernel.\name, "ax", @progbits
  .balign 16
  .globl \name
  .type \name, @function
\name:
  addi sp, sp, -80
  sw a0, 0(sp)
  sw s0, 4(sp)
#ifdef __riscv_flen
.if \rows * \columns > 8
  fsw f8, 8(sp)
  fsw f9, 12(sp)
  fsw f18, 16(sp)
  fsw f19, 20(sp)
.endif
.if \rows > 4
  sw s8, 24(sp)
  sw s9, 28(sp)
  sw s10, 32(sp)
  sw s11, 36(sp)
.endif
#else
  sw s1, 8(sp)
  sw s2, 12(sp)
  sw s3, 16(sp)
  sw s4, 20(sp)
  sw s5, 24(sp)
  sw s6, 28(sp)
  sw s7, 32(sp)
  sw s8, 36(sp)
  sw s9, 40(sp)
  sw s10, 44(sp)
  sw s11, 48(sp)
  sw ra, 52(sp)
  sw gp, 56(sp)
  sw tp, 60(sp)
#endif
.Ltile_\name:
  lw a0, 0(sp)
  .balign 4
  op_lw \from, ARG_B, 10
.if \form == PAIRS
  op_lw \scratch, ARG_B_STEP, 10
  pointers \columns, \from, \scratch
.else
  op_lw \step, ARG_B_STEP, 10
.endif
.if \form == SHUFFLE
  op_add 7, 5, 6
  op_add 6, 6, 6
  li x11, 0x00030001
  .balign 4
.endif
  op_lw \count, ARG_STEPS, 10
  op_lw \scratch, ARG_A_STEP, 10
  op_lw \pointer, ARG_A, 10
  pointers \rows, \pointer, \scratch
  .balign 4
  .option push
  .option norvc
  .set .Lacc, 0
  .rept \rows * \columns
  zero \acc + .Lacc
  .set .Lacc, .Lacc + 1
  .endr
.if \form == CHAIN
  loop x\count, \rows * (1 + ADVANCE) + \columns + ADVANCE + \rows * \columns
  body_chain \half, \rows, \columns, \acc, \a, \b, \pointer, \from, \step
.elseif \form == PAIRS
  loop x\count, (\rows + \columns) * (1 + ADVANCE) + \rows * \columns
  body_pairs \half, \rows, \columns, \acc, \a, \b, \pointer, \from
.else
  loop x\count, \rows * (1 + ADVANCE) + 2 * \columns + 2 + \columns * ADVANCE + \rows * \columns
  body_shuffle \half, \rows, \columns, \acc, \a, \b, \pointer
.endif
  .option pop
  lw a0, 0(sp)
  lw a1, ARG_C(a0)
  lw a2, ARG_C_STEP(a0)
  lw a3, ARG_C_NEXT(a0)
  add a3, a3, a1
  sw a3, ARG_C(a0)
  .balign 4
  .set .Lrow, 0
  .rept \rows
  .set .Lcolumn, 0
  .rept \columns
.if \form == CHAIN
  store \half, \acc + \columns * .Lrow + .Lcolumn, ELEMENT(\half) * .Lcolumn, 11
.else
  store 0, \acc + \columns * .Lrow + .Lcolumn, 4 * .Lcolumn, 11
.endif
  .set .Lcolumn, .Lcolumn + 1
  .endr
  op_add 11, 11, 12
  .set .Lrow, .Lrow + 1
  .endr
  lw a1, ARG_B(a0)
  lw a2, ARG_B_NEXT(a0)
  lw a3, ARG_TILES(a0)
  add a1, a1, a2
  sw a1, ARG_B(a0)
  addi a3, a3, -1
  sw a3, ARG_TILES(a0)
  bnez a3, .Ltile_\name
  lw s0, 4(sp)
#ifdef __riscv_flen
.if \rows * \columns > 8
  flw f8, 8(sp)
  flw f9, 12(sp)
  flw f18, 16(sp)
  flw f19, 20(sp)
.endif
.if \rows > 4
  lw s8, 24(sp)
  lw s9, 28(sp)
  lw s10, 32(sp)
  lw s11, 36(sp)
.endif
#else
  lw s1, 8(sp)
  lw s2, 12(sp)
  lw s3, 16(sp)
  lw s4, 20(sp)
  lw s5, 24(sp)
  lw s6, 28(sp)
  lw s7, 32(sp)
  lw s8, 36(sp)
  lw s9, 40(sp)
  lw s10, 44(sp)
  lw s11, 48(sp)
  lw ra, 52(sp)
  lw gp, 56(sp)
  lw tp, 60(sp)
#endif
  addi sp, sp, 80
  ret
  .size \name, . - \name
.endm

/* Every tile for one element type, with the registers that it has room in. */
#ifdef __riscv_flen
.macro every type, half
  unrolled unrolled_1x1_\type, CHAIN, \half, 1, 1, 0, 10, 28, 28, 5, 6, 7, 8
  unrolled unrolled_1x2_\type, CHAIN, \half, 1, 2, 0, 10, 28, 28, 5, 6, 7, 8
  unrolled unrolled_1x4_\type, CHAIN, \half, 1, 4, 0, 10, 28, 28, 5, 6, 7, 8
  unrolled unrolled_1x8_\type, CHAIN, \half, 1, 8, 0, 28, 10, 28, 5, 6, 7, 8
  unrolled unrolled_2x1_\type, CHAIN, \half, 2, 1, 0, 10, 28, 28, 5, 6, 7, 8
  unrolled unrolled_4x1_\type, CHAIN, \half, 4, 1, 0, 10, 28, 28, 5, 6, 7, 8
  unrolled unrolled_8x1_\type, CHAIN, \half, 8, 1, 0, 10, 28, 24, 5, 6, 7, 8
  unrolled unrolled_2x2_\type, CHAIN, \half, 2, 2, 0, 10, 28, 28, 5, 6, 7, 8
  unrolled unrolled_2x4_\type, CHAIN, \half, 2, 4, 0, 10, 28, 28, 5, 6, 7, 8
  unrolled unrolled_4x2_\type, CHAIN, \half, 4, 2, 0, 10, 28, 28, 5, 6, 7, 8
  unrolled unrolled_4x4_\type, CHAIN, \half, 4, 4, 0, 16, 28, 28, 5, 6, 7, 8
.endm
.macro every_packed type, half
  unrolled unrolled_pairs_1x2_\type, PAIRS, \half, 1, 2, 0, 10, 28, 28, 12, 0, 7, 8
  unrolled unrolled_pairs_2x4_\type, PAIRS, \half, 2, 4, 0, 10, 28, 28, 12, 0, 7, 8
  unrolled unrolled_shuffle_1x2_\type, SHUFFLE, \half, 1, 2, 0, 10, 28, 28, 5, 6, 30, 8
  unrolled unrolled_shuffle_2x4_\type, SHUFFLE, \half, 2, 4, 0, 10, 28, 28, 5, 6, 30, 8
.endm
#else
.macro every type, half
  unrolled unrolled_1x1_\type, CHAIN, \half, 1, 1, 24, 8, 12, 16, 5, 6, 7, 8
  unrolled unrolled_1x2_\type, CHAIN, \half, 1, 2, 24, 8, 12, 16, 5, 6, 7, 8
  unrolled unrolled_1x4_\type, CHAIN, \half, 1, 4, 24, 8, 12, 16, 5, 6, 7, 8
  unrolled unrolled_1x8_\type, CHAIN, \half, 1, 8, 24, 8, 16, 9, 5, 6, 7, 8
  unrolled unrolled_2x1_\type, CHAIN, \half, 2, 1, 24, 8, 12, 16, 5, 6, 7, 8
  unrolled unrolled_4x1_\type, CHAIN, \half, 4, 1, 24, 8, 12, 16, 5, 6, 7, 8
  unrolled unrolled_8x1_\type, CHAIN, \half, 8, 1, 24, 16, 4, 8, 5, 6, 1, 7
  unrolled unrolled_2x2_\type, CHAIN, \half, 2, 2, 24, 8, 12, 16, 5, 6, 7, 8
  unrolled unrolled_2x4_\type, CHAIN, \half, 2, 4, 24, 8, 12, 16, 5, 6, 7, 8
  unrolled unrolled_4x2_\type, CHAIN, \half, 4, 2, 24, 8, 12, 16, 5, 6, 7, 8
  unrolled unrolled_4x4_\type, CHAIN, \half, 4, 4, 16, 8, 12, 4, 3, 1, 9, 8
.endm
.macro every_packed type, half
  unrolled unrolled_pairs_1x2_\type, PAIRS, \half, 1, 2, 24, 8, 12, 16, 18, 0, 7, 8
  unrolled unrolled_pairs_2x4_\type, PAIRS, \half, 2, 4, 24, 8, 12, 16, 18, 0, 7, 8
  unrolled unrolled_shuffle_1x2_\type, SHUFFLE, \half, 1, 2, 24, 8, 0, 18, 5, 6, 9, 8
  unrolled unrolled_shuffle_2x4_\type, SHUFFLE, \half, 2, 4, 24, 8, 0, 18, 5, 6, 9, 8
.endm
#endif

  every f32, 0
  every f16, 1
  every bf16, 2
  every_packed f16, 1
  every_packed bf16, 2
