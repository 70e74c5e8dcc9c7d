/* Start-up in the order of pulp-runtime. */
  .section .vectors, "ax", @progbits
  .option norvc
  .globl _vectors
_vectors:
  .rept 32
  j unexpected
  .endr
  .globl _start
_start:
  lui x1, 0
  lui x5, 0
  lui x6, 0
  csrr a0, 0xF14
  andi a1, a0, 31
  srli a0, a0, 5
  li t0, 31
  bne a0, t0, worker

  la t0, _bss_start
  la t1, _bss_end
1:
  bgeu t0, t1, 2f
  sw x0, 0(t0)
  addi t0, t0, 4
  j 1b
2:
  la sp, stack
  call init
  csrrsi x0, mstatus, 8
  call main
  call finish

unexpected:
  li a0, 99
  call finish

  .option rvc
worker:
  la sp, stacks
  addi t0, a1, 1
  slli t0, t0, 9
  add sp, sp, t0
  mv a0, a1
  call worker_main
  /* pos_wait_for_ever: nothing can wake it. */
  li s0, 0x00204000
  li t0, -1
  sw t0, 4(s0)
  lw t0, 0x38(s0)
  j .
