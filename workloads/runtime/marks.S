/* Regions whose number is known at run time only: the marker with that number, out of a table. */
#define ENNEAD_MARKS 160

.macro marks name, first
  .section .text.\name, "ax", @progbits
  .balign 16
  .globl \name
  .type \name, @function
\name:
  slli a0, a0, 3
  lla t0, .Ltable_\name
  add t0, t0, a0
  jr t0
  .balign 8
  .option push
  .option norvc
.Ltable_\name:
  .set .Lmark, \first
  .rept ENNEAD_MARKS
  sltiu x0, x0, .Lmark
  ret
  .set .Lmark, .Lmark + 1
  .endr
  .option pop
  .size \name, . - \name
.endm

  marks ennead_begin, 0
  marks ennead_end, 1024
