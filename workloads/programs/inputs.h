/* Holds the tensors that a program declares to the files that inputs.S puts there. To be included after the declarations. */
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wc23-extensions" /* #embed */
#define INPUT_STRING_(x) #x
#define INPUT_STRING(x) INPUT_STRING_(x)

#ifdef INPUT_A
enum {
  BYTES_OF_A = sizeof((const unsigned char[]){
#embed INPUT_STRING(INPUTS.a.bin)
  })
};
_Static_assert(sizeof(ennead_a) == BYTES_OF_A, "ennead_a has to be as large as its file");
#endif
#ifdef INPUT_B
enum {
  BYTES_OF_B = sizeof((const unsigned char[]){
#embed INPUT_STRING(INPUTS.b.bin)
  })
};
_Static_assert(sizeof(ennead_b) == BYTES_OF_B, "ennead_b has to be as large as its file");
#endif
#ifdef INPUT_X
enum {
  BYTES_OF_X = sizeof((const unsigned char[]){
#embed INPUT_STRING(INPUTS.x.bin)
  })
};
_Static_assert(sizeof(ennead_x) == BYTES_OF_X, "ennead_x has to be as large as its file");
#endif
#ifdef INPUT_WEIGHTS
enum {
  BYTES_OF_WEIGHTS = sizeof((const unsigned char[]){
#embed INPUT_STRING(INPUTS.weights.bin)
  })
};
_Static_assert(sizeof(ennead_weights) == BYTES_OF_WEIGHTS, "ennead_weights has to be as large as its file");
#endif
#ifdef INPUT_BIAS
enum {
  BYTES_OF_BIAS = sizeof((const unsigned char[]){
#embed INPUT_STRING(INPUTS.bias.bin)
  })
};
_Static_assert(sizeof(ennead_bias) == BYTES_OF_BIAS, "ennead_bias has to be as large as its file");
#endif
#ifdef INPUT_DY
enum {
  BYTES_OF_DY = sizeof((const unsigned char[]){
#embed INPUT_STRING(INPUTS.dy.bin)
  })
};
_Static_assert(sizeof(ennead_dy) == BYTES_OF_DY, "ennead_dy has to be as large as its file");
#endif
#ifdef INPUT_T
enum {
  BYTES_OF_T = sizeof((const unsigned char[]){
#embed INPUT_STRING(INPUTS.t.bin)
  })
};
_Static_assert(sizeof(ennead_t) == BYTES_OF_T, "ennead_t has to be as large as its file");
#endif
#ifdef INPUT_W1
enum {
  BYTES_OF_W1 = sizeof((const unsigned char[]){
#embed INPUT_STRING(INPUTS.w1.bin)
  })
};
_Static_assert(sizeof(ennead_w1) == BYTES_OF_W1, "ennead_w1 has to be as large as its file");
#endif
#ifdef INPUT_B1
enum {
  BYTES_OF_B1 = sizeof((const unsigned char[]){
#embed INPUT_STRING(INPUTS.b1.bin)
  })
};
_Static_assert(sizeof(ennead_b1) == BYTES_OF_B1, "ennead_b1 has to be as large as its file");
#endif
#ifdef INPUT_W2
enum {
  BYTES_OF_W2 = sizeof((const unsigned char[]){
#embed INPUT_STRING(INPUTS.w2.bin)
  })
};
_Static_assert(sizeof(ennead_w2) == BYTES_OF_W2, "ennead_w2 has to be as large as its file");
#endif
#ifdef INPUT_B2
enum {
  BYTES_OF_B2 = sizeof((const unsigned char[]){
#embed INPUT_STRING(INPUTS.b2.bin)
  })
};
_Static_assert(sizeof(ennead_b2) == BYTES_OF_B2, "ennead_b2 has to be as large as its file");
#endif
#ifdef INPUT_W
enum {
  BYTES_OF_W = sizeof((const unsigned char[]){
#embed INPUT_STRING(INPUTS.w.bin)
  })
};
_Static_assert(sizeof(ennead_w) == BYTES_OF_W, "ennead_w has to be as large as its file");
#endif
#ifdef INPUT_V
enum {
  BYTES_OF_V = sizeof((const unsigned char[]){
#embed INPUT_STRING(INPUTS.v.bin)
  })
};
_Static_assert(sizeof(ennead_v) == BYTES_OF_V, "ennead_v has to be as large as its file");
#endif
#ifdef INPUT_DW
enum {
  BYTES_OF_DW = sizeof((const unsigned char[]){
#embed INPUT_STRING(INPUTS.dw.bin)
  })
};
_Static_assert(sizeof(ennead_dw) == BYTES_OF_DW, "ennead_dw has to be as large as its file");
#endif
#pragma clang diagnostic pop
