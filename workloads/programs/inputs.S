/* The inputs of a program, as golden/generate.py wrote them. INPUTS is the common part of the files' names. */
#define STRING_(x) #x
#define STRING(x) STRING_(x)

.macro input symbol, file
  .section .rodata.\symbol, "a", @progbits
  .balign 16
  .globl \symbol
  .type \symbol, @object
\symbol:
  .incbin "\file"
  .size \symbol, . - \symbol
.endm

#ifdef MATMUL
  input ennead_a, STRING(INPUTS.a.bin)
  input ennead_b, STRING(INPUTS.b.bin)
#endif
#ifdef CONV2D_FW
  input ennead_x, STRING(INPUTS.x.bin)
  input ennead_weights, STRING(INPUTS.weights.bin)
  input ennead_bias, STRING(INPUTS.bias.bin)
#endif
