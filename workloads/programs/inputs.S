/* The inputs of a program, as golden/generate.py wrote them. INPUTS is the common part of the files' names,
 * INPUT_NAME says which there are. */
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

#ifdef INPUT_A
  input ennead_a, STRING(INPUTS.a.bin)
#endif
#ifdef INPUT_B
  input ennead_b, STRING(INPUTS.b.bin)
#endif
#ifdef INPUT_X
  input ennead_x, STRING(INPUTS.x.bin)
#endif
#ifdef INPUT_WEIGHTS
  input ennead_weights, STRING(INPUTS.weights.bin)
#endif
#ifdef INPUT_BIAS
  input ennead_bias, STRING(INPUTS.bias.bin)
#endif
#ifdef INPUT_DY
  input ennead_dy, STRING(INPUTS.dy.bin)
#endif
#ifdef INPUT_T
  input ennead_t, STRING(INPUTS.t.bin)
#endif
#ifdef INPUT_W1
  input ennead_w1, STRING(INPUTS.w1.bin)
#endif
#ifdef INPUT_B1
  input ennead_b1, STRING(INPUTS.b1.bin)
#endif
#ifdef INPUT_W2
  input ennead_w2, STRING(INPUTS.w2.bin)
#endif
#ifdef INPUT_B2
  input ennead_b2, STRING(INPUTS.b2.bin)
#endif
#ifdef INPUT_W
  input ennead_w, STRING(INPUTS.w.bin)
#endif
#ifdef INPUT_V
  input ennead_v, STRING(INPUTS.v.bin)
#endif
#ifdef INPUT_DW
  input ennead_dw, STRING(INPUTS.dw.bin)
#endif

#ifdef INPUT_LATENTS
  input ennead_latents, STRING(INPUTS.latents.bin)
#endif
#ifdef INPUT_PARAMETERS
/* What the program changes: the result lies where these began. */
  .section .data.ennead_output, "aw", @progbits
  .balign 16
  .globl ennead_output
  .type ennead_output, @object
ennead_output:
  .incbin STRING(INPUTS.parameters.bin)
  .size ennead_output, . - ennead_output
#endif

  .section .note.GNU-stack, "", @progbits
