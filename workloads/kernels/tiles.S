/* The register tiles of tiles.h.
 *
 * FP16 works on pairs of columns: a word of B holds two columns, and `vfmac.r.h` multiplies both by one element of
 * A. So no operand needs to be transposed, no result needs a sum over lanes, and FP32 and FP16 differ only in the
 * load of A and in the multiply-accumulate. bfloat16 is FP16 with `vfmac.r.ah`.
 *
 * Macros take `half`: 0 for FP32, 1 for FP16, 2 for bfloat16.
 *
 * A whole function stays below 512 bytes, the size of a worker's private instruction cache. */

#define ARG_A 0
#define ARG_A_STEP 4
#define ARG_B 8
#define ARG_B_STEP 12
#define ARG_C 16
#define ARG_C_STEP 20
#define ARG_K 24
#define ARG_TILES 28
#define ARG_INIT 32

/* The last operand's lowest element multiplies all lanes: vfmac.r.h or vfmac.r.ah. */
.macro vfmac_r half, d, a, b
  .insn r 0x33, 7 - \half, 0x48, \d, \a, \b
.endm

#define ELEMENT(half) (4 >> (((half) + 1) / 2))

#ifdef __riscv_flen

/* ---- corev: f-registers, 16 accumulators and 8 operands; k unrolled thrice ---------------------------------- */

/* cv.setup 0: the next `words` instructions run `count` times. */
.macro hardware_loop count, words
  .insn i 0x2b, 4, x14, \count, (\words) + 1
.endm

.macro multiply_row half, a, c0, c1, c2, c3
.if \half
  vfmac_r \half, \c0, f4, \a
  vfmac_r \half, \c1, f5, \a
  vfmac_r \half, \c2, f6, \a
  vfmac_r \half, \c3, f7, \a
.else
  fmadd.s \c0, f4, \a, \c0
  fmadd.s \c1, f5, \a, \c1
  fmadd.s \c2, f6, \a, \c2
  fmadd.s \c3, f7, \a, \c3
.endif
.endm

.macro load_element half, d, index, base
.if \half
  flh \d, 2 * \index(\base)
.else
  flw \d, 4 * \index(\base)
.endif
.endm

/* 5 R + 5 instructions. */
.macro load_step half, rows, index
  load_element \half, f0, \index, t0
.if \rows > 1
  load_element \half, f1, \index, t1
.endif
.if \rows > 2
  load_element \half, f2, \index, t2
  load_element \half, f3, \index, t3
.endif
  flw f4, 0(t4)
  flw f5, 4(t4)
  flw f6, 8(t4)
  flw f7, 12(t4)
  add t4, t4, a6
.endm

/* Moves the rows of A on by some steps; R instructions. */
.macro advance half, rows, steps
  addi t0, t0, ELEMENT(\half) * \steps
.if \rows > 1
  addi t1, t1, ELEMENT(\half) * \steps
.endif
.if \rows > 2
  addi t2, t2, ELEMENT(\half) * \steps
  addi t3, t3, ELEMENT(\half) * \steps
.endif
.endm

.macro multiply_step half, rows
  multiply_row \half, f0, f10, f11, f12, f13
.if \rows > 1
  multiply_row \half, f1, f14, f15, f16, f17
.endif
.if \rows > 2
  multiply_row \half, f2, f18, f19, f20, f21
  multiply_row \half, f3, f22, f23, f8, f9
.endif
.endm

.macro start_row init, c0, c1, c2, c3
  fmv.s \c0, \init
  fmv.s \c1, \init
  fmv.s \c2, \init
  fmv.s \c3, \init
.endm

.macro store_row c0, c1, c2, c3
  fsw \c0, 0(t0)
  fsw \c1, 4(t0)
  fsw \c2, 8(t0)
  fsw \c3, 12(t0)
.endm

.macro tiles name, half, rows
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
  lw a1, ARG_A(a0)
  lw a2, ARG_A_STEP(a0)
  lw a5, ARG_B(a0)
  lw a6, ARG_B_STEP(a0)
  lw t5, ARG_C(a0)
  lw t6, ARG_C_STEP(a0)
  lw a4, ARG_K(a0)
  lw a3, ARG_TILES(a0)
  flw f28, ARG_INIT(a0)
  flw f29, ARG_INIT + 4(a0)
  flw f30, ARG_INIT + 8(a0)
  flw f31, ARG_INIT + 12(a0)
  li a7, 3
  divu a7, a4, a7             /* once for many tiles */
  sub a4, a4, a7
  sub a4, a4, a7
  sub a4, a4, a7
.Ltile_\name:
  mv t0, a1
  mv t4, a5
  start_row f28, f10, f11, f12, f13
.if \rows > 1
  add t1, t0, a2
  start_row f29, f14, f15, f16, f17
.endif
.if \rows > 2
  add t2, t1, a2
  add t3, t2, a2
  start_row f30, f18, f19, f20, f21
  start_row f31, f22, f23, f8, f9
.endif
  beqz a7, .Llast_\name
  .balign 4
  .option push
  .option norvc
  hardware_loop a7, 16 * \rows + 15
  load_step \half, \rows, 0
  multiply_step \half, \rows
  load_step \half, \rows, 1
  multiply_step \half, \rows
  load_step \half, \rows, 2
  advance \half, \rows, 3
  multiply_step \half, \rows
  .option pop
.Llast_\name:
  mv a0, a4
  bnez a0, .Lrest_\name
.Lstore_\name:
  mv t0, t5
  store_row f10, f11, f12, f13
.if \rows > 1
  add t0, t0, t6
  store_row f14, f15, f16, f17
.endif
.if \rows > 2
  add t0, t0, t6
  store_row f18, f19, f20, f21
  add t0, t0, t6
  store_row f22, f23, f8, f9
.endif
  addi a5, a5, 16
  addi t5, t5, 16
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
.Lrest_\name:
  load_step \half, \rows, 0
  advance \half, \rows, 1
  addi a0, a0, -1
  multiply_step \half, \rows
  bnez a0, .Lrest_\name
  j .Lstore_\name
  .size \name, . - \name
.endm

#else

/* ---- pulp: x-registers, 16 accumulators, 6 operands, 6 addresses ------------------------------------------- */

/* lp.setup 0: the next `words` instructions run `count` times. */
.macro hardware_loop count, words
  .insn i 0x7b, 4, x0, \count, 2 * (\words)
.endm

.macro multiply_row half, a, c0, c1, c2, c3
.if \half
  vfmac_r \half, \c1, x11, \a
  vfmac_r \half, \c2, x12, \a
  vfmac_r \half, \c3, x13, \a
  vfmac_r \half, \c0, x10, \a
.else
  fmadd.s \c1, x11, \a, \c1
  fmadd.s \c2, x12, \a, \c2
  fmadd.s \c3, x13, \a, \c3
  fmadd.s \c0, x10, \a, \c0
.endif
.endm

/* p.lhu or p.lw with post-increment by one element. */
.macro load_element half, d, base
.if \half
  .insn i 0x0b, 5, \d, 2(\base)
.else
  .insn i 0x0b, 2, \d, 4(\base)
.endif
.endm

.macro start_row init, c0, c1, c2, c3
  lw \c0, \init(ra)
  mv \c1, \c0
  mv \c2, \c0
  mv \c3, \c0
.endm

.macro store_row c0, c1, c2, c3
  sw \c0, 0(x10)
  sw \c1, 4(x10)
  sw \c2, 8(x10)
  sw \c3, 12(x10)
.endm

/* ra: the arguments; x10..x13: words of B; x14, x15: elements of A; x16, x17, x5, x6: rows of A; x7: row of B;
 * gp: its step; accumulators by row: x8 x9 x18 x19, x20..x23, x24..x27, x28..x31; tp: scratch. */
.macro tiles name, half, rows
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
  mv ra, a0
.Ltile_\name:
  lw x16, ARG_A(ra)
  lw tp, ARG_A_STEP(ra)
  lw x7, ARG_B(ra)
  lw gp, ARG_B_STEP(ra)
  start_row ARG_INIT, x8, x9, x18, x19
.if \rows > 1
  add x17, x16, tp
  start_row ARG_INIT + 4, x20, x21, x22, x23
.endif
.if \rows > 2
  add x5, x17, tp
  add x6, x5, tp
  start_row ARG_INIT + 8, x24, x25, x26, x27
  start_row ARG_INIT + 12, x28, x29, x30, x31
.endif
  addi x10, x7, 16
  sw x10, ARG_B(ra)
  lw tp, ARG_K(ra)
  .balign 4
  .option push
  .option norvc
  hardware_loop tp, 5 * \rows + 4
  load_element \half, x14, x16
.if \rows > 1
  load_element \half, x15, x17
.endif
  lw x11, 4(x7)
  lw x12, 8(x7)
  lw x13, 12(x7)
  .insn r 0x0b, 7, 0x10, x10, x7, gp /* p.lw x10, gp(x7!) */
  multiply_row \half, x14, x8, x9, x18, x19
.if \rows > 2
  load_element \half, x14, x5
.endif
.if \rows > 1
  multiply_row \half, x15, x20, x21, x22, x23
.endif
.if \rows > 2
  load_element \half, x15, x6
  multiply_row \half, x14, x24, x25, x26, x27
  multiply_row \half, x15, x28, x29, x30, x31
.endif
  .option pop
  lw x10, ARG_C(ra)
  lw tp, ARG_C_STEP(ra)
  lw x14, ARG_TILES(ra)
  addi x11, x10, 16
  sw x11, ARG_C(ra)
  store_row x8, x9, x18, x19
.if \rows > 1
  add x10, x10, tp
  store_row x20, x21, x22, x23
.endif
.if \rows > 2
  add x10, x10, tp
  store_row x24, x25, x26, x27
  add x10, x10, tp
  store_row x28, x29, x30, x31
.endif
  addi x14, x14, -1
  sw x14, ARG_TILES(ra)
  bnez x14, .Ltile_\name
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

  tiles mm_tiles_4_f32, 0, 4
  tiles mm_tiles_2_f32, 0, 2
  tiles mm_tiles_1_f32, 0, 1
  tiles mm_tiles_4_f16, 1, 4
  tiles mm_tiles_2_f16, 1, 2
  tiles mm_tiles_1_f16, 1, 1
  tiles mm_tiles_4_bf16, 2, 4
  tiles mm_tiles_2_bf16, 2, 2
  tiles mm_tiles_1_bf16, 2, 1
