/* First instructions of every core. The orchestrator goes to main and ends the run with its result; a worker
 * takes its stack in L1 and goes to ennead_worker. The loader has already zeroed .bss and L1. */

  .section .text.start, "ax", @progbits
  .globl _start
_start:
#ifdef __riscv_flen
  li t0, 0x6000               /* mstatus.FS: the float registers are in use */
  csrs mstatus, t0
#endif
  csrr a0, mhartid
  srli t0, a0, 5              /* cluster number; the orchestrator's is 31 */
  andi a0, a0, 31             /* core number within the cluster */
  li t1, 31
  bne t0, t1, worker

  la sp, __orchestrator_stack_end
  call main
  tail ennead_exit

worker:
  la sp, __worker_stacks
  la t0, __worker_stack_size
  addi t1, a0, 1
  mul t0, t0, t1
  add sp, sp, t0
  call ennead_worker
asleep:
  wfi
  j asleep
