/* The register tiles of dots.h. Macros take `half`: 0 for FP32, 1 for FP16 (vfmac.h), 2 for bfloat16 (vfmac.ah). */

#define ARG_A 0
#define ARG_A_STEP 4
#define ARG_B 8
#define ARG_B_STEP 12
#define ARG_B_NEXT 16
#define ARG_C 20
#define ARG_C_STEP 24
#define ARG_C_COLUMN 28
#define ARG_C_NEXT 32
#define ARG_WORDS 36
#define ARG_TILES 40

#ifdef __riscv_flen

/* ---- corev: f0..f3 words of A, f4..f7 of B, accumulators by row: f10..f13, f14..f17, f18..f21, f22 f23 f8 f9;
 * t0..t3 rows of A, t4 t5 t6 a7 rows of B; words unrolled four times ------------------------------------------- */

.macro hardware_loop count, words
  .insn i 0x2b, 4, x14, \count, (\words) + 1
.endm

.macro multiply half, c, a, b
.if \half
  .insn r 0x33, 3 - \half, 0x48, \c, \a, \b
.else
  fmadd.s \c, \a, \b, \c
.endif
.endm

.macro multiply_row half, columns, a, c0, c1, c2, c3
  multiply \half, \c0, \a, f4
.if \columns > 1
  multiply \half, \c1, \a, f5
  multiply \half, \c2, \a, f6
  multiply \half, \c3, \a, f7
.endif
.endm

/* rows + columns instructions. */
.macro load_step rows, columns, offset
  flw f0, \offset(t0)
.if \rows > 1
  flw f1, \offset(t1)
.endif
.if \rows > 2
  flw f2, \offset(t2)
  flw f3, \offset(t3)
.endif
  flw f4, \offset(t4)
.if \columns > 1
  flw f5, \offset(t5)
  flw f6, \offset(t6)
  flw f7, \offset(a7)
.endif
.endm

/* rows + columns instructions. */
.macro advance rows, columns, by
  addi t0, t0, \by
.if \rows > 1
  addi t1, t1, \by
.endif
.if \rows > 2
  addi t2, t2, \by
  addi t3, t3, \by
.endif
  addi t4, t4, \by
.if \columns > 1
  addi t5, t5, \by
  addi t6, t6, \by
  addi a7, a7, \by
.endif
.endm

/* rows * columns instructions. */
.macro multiply_step half, rows, columns
  multiply_row \half, \columns, f0, f10, f11, f12, f13
.if \rows > 1
  multiply_row \half, \columns, f1, f14, f15, f16, f17
.endif
.if \rows > 2
  multiply_row \half, \columns, f2, f18, f19, f20, f21
  multiply_row \half, \columns, f3, f22, f23, f8, f9
.endif
.endm

/* a6 walks over a row's sums, t5 is the step between columns; t4 becomes the next row. */
.macro sums operation, columns, c0, c1, c2, c3
  \operation \c0, 0(t4)
.if \columns > 1
  add a6, t4, t5
  \operation \c1, 0(a6)
  add a6, a6, t5
  \operation \c2, 0(a6)
  add a6, a6, t5
  \operation \c3, 0(a6)
.endif
.endm

.macro all_sums operation, rows, columns
  mv t4, a1
  lw t5, ARG_C_COLUMN(a0)
  sums \operation, \columns, f10, f11, f12, f13
.if \rows > 1
  lw t6, ARG_C_STEP(a0)
  add t4, t4, t6
  sums \operation, \columns, f14, f15, f16, f17
.endif
.if \rows > 2
  add t4, t4, t6
  sums \operation, \columns, f18, f19, f20, f21
  add t4, t4, t6
  sums \operation, \columns, f22, f23, f8, f9
.endif
.endm

.macro dots name, half, rows, columns
  .section .text.kernel.\name, "ax", @progbits
  .balign 16
  .globl \name
  .type \name, @function
\name:
.if \rows > 2
  addi sp, sp, -32
  fsw f8, 0(sp)
  fsw f9, 4(sp)
  fsw f18, 8(sp)
  fsw f19, 12(sp)
  fsw f20, 16(sp)
  fsw f21, 20(sp)
  fsw f22, 24(sp)
  fsw f23, 28(sp)
.endif
  lw a1, ARG_C(a0)
  lw a3, ARG_TILES(a0)
  lw a5, ARG_B(a0)
.Ltile_\name:
  all_sums flw, \rows, \columns
  lw t0, ARG_A(a0)
.if \rows > 1
  lw a4, ARG_A_STEP(a0)
  add t1, t0, a4
.endif
.if \rows > 2
  add t2, t1, a4
  add t3, t2, a4
.endif
  mv t4, a5
.if \columns > 1
  lw a4, ARG_B_STEP(a0)
  add t5, t4, a4
  add t6, t5, a4
  add a7, t6, a4
.endif
  lw a2, ARG_WORDS(a0)
  srli a4, a2, 2
  andi a2, a2, 3
  beqz a4, .Lrest_\name
  .balign 4
  .option push
  .option norvc
  hardware_loop a4, 5 * (\rows + \columns) + 4 * \rows * \columns
  load_step \rows, \columns, 0
  multiply_step \half, \rows, \columns
  load_step \rows, \columns, 4
  multiply_step \half, \rows, \columns
  load_step \rows, \columns, 8
  multiply_step \half, \rows, \columns
  load_step \rows, \columns, 12
  advance \rows, \columns, 16
  multiply_step \half, \rows, \columns
  .option pop
.Lrest_\name:
  beqz a2, .Lstore_\name
  .balign 4
  .option push
  .option norvc
  hardware_loop a2, 2 * (\rows + \columns) + \rows * \columns
  load_step \rows, \columns, 0
  advance \rows, \columns, 4
  multiply_step \half, \rows, \columns
  .option pop
.Lstore_\name:
  all_sums fsw, \rows, \columns
  lw a4, ARG_B_NEXT(a0)
  lw a2, ARG_C_NEXT(a0)
  add a5, a5, a4
  add a1, a1, a2
  addi a3, a3, -1
  bnez a3, .Ltile_\name
.if \rows > 2
  flw f8, 0(sp)
  flw f9, 4(sp)
  flw f18, 8(sp)
  flw f19, 12(sp)
  flw f20, 16(sp)
  flw f21, 20(sp)
  flw f22, 24(sp)
  flw f23, 28(sp)
  addi sp, sp, 32
.endif
  ret
  .size \name, . - \name
.endm

#else

/* ---- pulp: x10..x13 words of B, x14 x15 of A; x16 x17 x5 x6 rows of A, x7 x1 x3 x4 rows of B; accumulators by row:
 * x8 x9 x18 x19, x20..x23, x24..x27, x28..x31. The arguments lie on the stack ---------------------------------- */

.macro hardware_loop count, words
  .insn i 0x7b, 4, x0, \count, 2 * (\words)
.endm

/* p.lw with post-increment by a word. */
.macro load_word d, base
  .insn i 0x0b, 2, \d, 4(\base)
.endm

.macro multiply half, c, a, b
.if \half
  .insn r 0x33, 3 - \half, 0x48, \c, \a, \b
.else
  fmadd.s \c, \a, \b, \c
.endif
.endm

.macro multiply_row half, columns, a, c0, c1, c2, c3
  multiply \half, \c0, \a, x10
.if \columns > 1
  multiply \half, \c1, \a, x11
  multiply \half, \c2, \a, x12
  multiply \half, \c3, \a, x13
.endif
.endm

/* x11 walks over a row's sums, x12 is the step between columns, x10 the row, x13 the step between rows. */
.macro sums operation, columns, c0, c1, c2, c3
  \operation \c0, 0(x10)
.if \columns > 1
  add x11, x10, x12
  \operation \c1, 0(x11)
  add x11, x11, x12
  \operation \c2, 0(x11)
  add x11, x11, x12
  \operation \c3, 0(x11)
.endif
.endm

.macro all_sums operation, rows, columns
  lw x10, ARG_C(x14)
  lw x12, ARG_C_COLUMN(x14)
  sums \operation, \columns, x8, x9, x18, x19
.if \rows > 1
  lw x13, ARG_C_STEP(x14)
  add x10, x10, x13
  sums \operation, \columns, x20, x21, x22, x23
.endif
.if \rows > 2
  add x10, x10, x13
  sums \operation, \columns, x24, x25, x26, x27
  add x10, x10, x13
  sums \operation, \columns, x28, x29, x30, x31
.endif
.endm

.macro dots name, half, rows, columns
  .section .text.kernel.\name, "ax", @progbits
  .balign 16
  .globl \name
  .type \name, @function
\name:
  addi sp, sp, -64
  sw ra, 0(sp)
  sw gp, 4(sp)
  sw tp, 8(sp)
  sw x8, 12(sp)
  sw x9, 16(sp)
  sw x18, 20(sp)
  sw x19, 24(sp)
  sw x20, 28(sp)
  sw x21, 32(sp)
  sw x22, 36(sp)
  sw x23, 40(sp)
  sw x24, 44(sp)
  sw x25, 48(sp)
  sw x26, 52(sp)
  sw x27, 56(sp)
  sw a0, 60(sp)
.Ltile_\name:
  lw x14, 60(sp)
  all_sums lw, \rows, \columns
  lw x16, ARG_A(x14)
.if \rows > 1
  lw x15, ARG_A_STEP(x14)
  add x17, x16, x15
.endif
.if \rows > 2
  add x5, x17, x15
  add x6, x5, x15
.endif
  lw x7, ARG_B(x14)
.if \columns > 1
  lw x15, ARG_B_STEP(x14)
  add x1, x7, x15
  add x3, x1, x15
  add x4, x3, x15
.endif
  lw x15, ARG_B_NEXT(x14)
  add x15, x15, x7
  sw x15, ARG_B(x14)
  lw x15, ARG_WORDS(x14)
  .balign 4
  .option push
  .option norvc
  hardware_loop x15, \rows + \columns + \rows * \columns
  load_word x10, x7
.if \columns > 1
  load_word x11, x1
  load_word x12, x3
  load_word x13, x4
.endif
  load_word x14, x16
.if \rows > 1
  load_word x15, x17
.endif
  multiply_row \half, \columns, x14, x8, x9, x18, x19
.if \rows > 2
  load_word x14, x5
.endif
.if \rows > 1
  multiply_row \half, \columns, x15, x20, x21, x22, x23
.endif
.if \rows > 2
  load_word x15, x6
  multiply_row \half, \columns, x14, x24, x25, x26, x27
  multiply_row \half, \columns, x15, x28, x29, x30, x31
.endif
  .option pop
  lw x14, 60(sp)
  all_sums sw, \rows, \columns
  lw x10, ARG_C(x14)
  lw x11, ARG_C_NEXT(x14)
  lw x12, ARG_TILES(x14)
  add x10, x10, x11
  sw x10, ARG_C(x14)
  addi x12, x12, -1
  sw x12, ARG_TILES(x14)
  bnez x12, .Ltile_\name
  lw ra, 0(sp)
  lw gp, 4(sp)
  lw tp, 8(sp)
  lw x8, 12(sp)
  lw x9, 16(sp)
  lw x18, 20(sp)
  lw x19, 24(sp)
  lw x20, 28(sp)
  lw x21, 32(sp)
  lw x22, 36(sp)
  lw x23, 40(sp)
  lw x24, 44(sp)
  lw x25, 48(sp)
  lw x26, 52(sp)
  lw x27, 56(sp)
  addi sp, sp, 64
  ret
  .size \name, . - \name
.endm

#endif

  dots mm_dots_4x4_f32, 0, 4, 4
  dots mm_dots_4x4_f16, 1, 4, 4
  dots mm_dots_4x4_bf16, 2, 4, 4
  dots mm_dots_4x1_f32, 0, 4, 1
  dots mm_dots_4x1_f16, 1, 4, 1
  dots mm_dots_4x1_bf16, 2, 4, 1
  dots mm_dots_2x4_f32, 0, 2, 4
  dots mm_dots_2x4_f16, 1, 2, 4
  dots mm_dots_2x4_bf16, 2, 2, 4
  dots mm_dots_2x1_f32, 0, 2, 1
  dots mm_dots_2x1_f16, 1, 2, 1
  dots mm_dots_2x1_bf16, 2, 2, 1
  dots mm_dots_1x4_f32, 0, 1, 4
  dots mm_dots_1x4_f16, 1, 1, 4
  dots mm_dots_1x4_bf16, 2, 1, 4
  dots mm_dots_1x1_f32, 0, 1, 1
  dots mm_dots_1x1_f16, 1, 1, 1
  dots mm_dots_1x1_bf16, 2, 1, 1
