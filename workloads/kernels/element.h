/* What TYPE (F32, F16 or BF16) means to the typed bodies of kernels, which are included once for each and include this
 * first. Arithmetic is NAME(add)(a, b) and so on (ennead.h), because C has no operators for bfloat16. */
#undef REAL
#undef PACKED
#undef BITS
#undef SIGNED
#undef LANES
#undef NAME
#undef OPERATION
#undef ZERO

#if TYPE == F32
#define REAL float
#define PACKED float
#define BITS uint32_t
#define SIGNED int32_t
#define LANES 1
#define NAME(name) name##_f32
#define OPERATION(name) name##_f32
#elif TYPE == F16
#define REAL f16
#define PACKED f16x2
#define BITS uint16_t
#define SIGNED int16_t
#define LANES 2
#define NAME(name) name##_f16
#define OPERATION(name) name##_f16x2
#else
#define REAL bf16
#define PACKED bf16x2
#define BITS uint16_t
#define SIGNED int16_t
#define LANES 2
#define NAME(name) name##_bf16
#define OPERATION(name) name##_bf16x2
#endif
#define ZERO ((REAL){0})
