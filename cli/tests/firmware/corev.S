/* Start-up of a bare CORE-V program with newlib's calls: f-registers on, stack, main, exit. */
  .section .text.start, "ax", @progbits
  .globl _start
_start:
  li t0, 0x6000
  csrs mstatus, t0
  la sp, stack
  la t0, _bss_start
  la t1, _bss_end
1:
  bgeu t0, t1, 2f
  sw x0, 0(t0)
  addi t0, t0, 4
  j 1b
2:
  call main
  li a7, 93
#ifdef HTIF
  j htif_exit
#else
  ecall
#endif
