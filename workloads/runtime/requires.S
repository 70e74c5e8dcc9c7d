/* What the program asks of the machine: config assignments in a note of type 1. */
  .section .note.ennead, "a", @note
  .balign 4
  .long 7
  .long 2f - 1f
  .long 1
  .asciz "Ennead"
  .balign 4
1:
#ifdef __riscv_flen
  .asciz "core.isa=xcv core.fp_registers=f core.packed_fp16=true"
#else
  .asciz "core.isa=xpulpv2 core.fp_registers=x core.packed_fp16=true"
#endif
2:
  .balign 4
