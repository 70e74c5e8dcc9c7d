/* Start-up in the order of the PULP SDK's pulpos. */
  .section .vectors, "ax", @progbits
  .option norvc
  .globl _vectors
_vectors:
  .rept 32
  j unexpected
  .endr
  .globl _start
_start:
  csrw 0xCC1, x0                /* PCMR: no counting */
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
  call orchestrator_init
  csrrsi x0, mstatus, 8
  call main
  call finish

unexpected:
  li a0, 99
  call finish

  .option rvc
worker:
  li s0, 0x00204000
  li t0, 0x00070000             /* barrier, mutex, dispatch */
  sw t0, 0(s0)
  bnez a1, slave

  li t0, 0x200                  /* interrupt: second DMA line */
  sw t0, 0x14(s0)
  la sp, master_stack
  call master

/* A slave has no stack until the master pushes one. */
slave:
  .insn i 0x03, 6, s1, 0x80(s0) /* function; bit 0: take a stack, and no barrier behind it */
  .insn i 0x03, 6, a0, 0x80(s0) /* argument, or size of a stack */
  andi t0, s1, 1
  beqz t0, 1f
  .insn i 0x03, 6, t0, 0x80(s0) /* base of the stacks */
  csrr t1, 0xF14
  andi t1, t1, 31
  mul t1, t1, a0
  add sp, t0, t1
  j slave
1:
  jalr s1
  .insn i 0x03, 6, x0, 0x21C(s0)
  j slave

/* Line 1 of the interrupt controller: a worker has a message. */
  .globl message_handler
message_handler:
  addi sp, sp, -16
  sw t0, 0(sp)
  lw t0, 4(x0)                  /* in the small data at 0 */
  addi t0, t0, 1
  sw t0, 4(x0)
  lw t0, 0(sp)
  addi sp, sp, 16
  mret

  .section .bss
  .balign 16
  .space 1024
master_stack:
