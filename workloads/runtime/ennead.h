/* The machine as our programs see it: devices, synchronisation, DMA, packed floats and markers.
 *
 * Two targets share this header. `corev` keeps floats in f-registers and uses CORE-V XCV encodings; `pulp` keeps
 * floats in x-registers and uses Xpulpv2 encodings. No compiler knows all of these instructions, so they are
 * spelled with `.insn`. With ENNEAD_HOST the same functions are plain C, so that kernels can be tried on the host. */
#ifndef ENNEAD_H
#define ENNEAD_H

#include <stddef.h>
#include <stdint.h>

#define ENNEAD_INLINE static inline __attribute__((always_inline, unused))
#define ENNEAD_L1 __attribute__((section(".l1"), aligned(16)))

/* ---- Names --------------------------------------------------------------------------------------------------
 * A kernel's name for the program's element type: ELEMENT is f32, f16 or bf16. Where only bits move, MOVED is f32 or f16. */
#define KERNEL_(name, type) name##_##type
#define KERNEL_OF(name, type) KERNEL_(name, type)
#define KERNEL(name) KERNEL_OF(name, ELEMENT)
#define MOVE(name) KERNEL_OF(name, MOVED)

/* ---- Regions ----------------------------------------------------------------------------------------------
 * `sltiu x0, x0, ID` begins region ID (1..1023) on this core, `sltiu x0, x0, ID + 1024` ends it. Both are hints:
 * silicon executes them as no-ops. A region's name is a note in the ELF. */
#define ENNEAD_STRING_(x) #x
#define ENNEAD_STRING(x) ENNEAD_STRING_(x)

#ifndef ENNEAD_HOST
#define ENNEAD_REGION(id, name)                                                                                \
  __asm__(".pushsection .note.ennead, \"a\", @note\n"                                                          \
          ".balign 4\n.long 7\n.long 9f - 8f\n.long 2\n.asciz \"Ennead\"\n.balign 4\n"                         \
          "8: .long " ENNEAD_STRING(id) "\n.asciz \"" name "\"\n9:\n.balign 4\n.popsection\n")
#define ENNEAD_BEGIN(id) __asm__ volatile("sltiu x0, x0, %0" : : "i"(id) : "memory")
#define ENNEAD_END(id) __asm__ volatile("sltiu x0, x0, %0" : : "i"((id) + 1024) : "memory")
/* The same for a number that is not a constant, below ENNEAD_MARKS (marks.S). */
void ennead_begin(uint32_t id);
void ennead_end(uint32_t id);
#else
#define ENNEAD_REGION(id, name) _Static_assert((id) > 0, name)
#define ENNEAD_BEGIN(id) ((void)0)
#define ENNEAD_END(id) ((void)0)
#define ennead_begin(id) ((void)(id))
#define ennead_end(id) ((void)(id))
#endif

#ifndef ENNEAD_HOST

/* ---- Devices ---------------------------------------------------------------------------------------------- */
#define ENNEAD_REG(address) (*(volatile uint32_t *)(uintptr_t)(address))

enum {
  CLUSTER_CONTROL = 0x10200000,
  CLUSTER_FETCH_ENABLE = CLUSTER_CONTROL + 0x08,
  CLUSTER_BOOT_ADDRESS = CLUSTER_CONTROL + 0x40,
  CLUSTER_ICACHE_ENABLE = 0x10201400,
  EVENT_UNIT = 0x10204000,
  EVENT_MASK_CLEAR = 0x04,
  EVENT_MASK_SET = 0x08,
  EVENT_WAIT_CLEAR = 0x3C,
  EVENT_BARRIER_TRIGGER_MASK = 0x200,
  EVENT_BARRIER_TARGET_MASK = 0x20C,
  EVENT_BARRIER_WAIT_CLEAR = 0x21C,
  EVENT_LINE_DMA = 1 << 8,
  EVENT_LINE_BARRIER = 1 << 16,
  DMA = 0x10204400,
  DMA_STATUS = DMA + 4,
  INTERRUPT_ENABLE = 0x1A109804,
  INTERRUPT_RAISE = 0x1A109810,
  INTERRUPT_LINE_CLUSTER = 1 << 1,
  CONSOLE = 0x1A10F000,
  EXIT = 0x1A1040A0,
};

/* Sleeps until an enabled event, then returns what the event unit answers. */
ENNEAD_INLINE uint32_t ennead_event_load(uintptr_t address) {
  uint32_t value;
#ifdef __riscv_flen
  __asm__ volatile(".insn i 0x0b, 3, %0, 0(%1)" : "=r"(value) : "r"(address) : "memory");
#else
  __asm__ volatile(".insn i 0x03, 6, %0, 0(%1)" : "=r"(value) : "r"(address) : "memory");
#endif
  return value;
}

/* Waits until every worker of the team has arrived. */
ENNEAD_INLINE void ennead_barrier(void) { ennead_event_load(EVENT_UNIT + EVENT_BARRIER_WAIT_CLEAR); }

/* ---- DMA -------------------------------------------------------------------------------------------------- */
typedef uint32_t ennead_transfer;

enum {
  DMA_IN = 1 << 17,
  DMA_OUT = 0,
  DMA_INCREMENT = 1 << 18,
  DMA_ROWS = 1 << 19,
  DMA_EVENT = 1 << 20,
  DMA_SPREAD = 1 << 23,
};

/* Starts moving `bytes` (at most 131071) between L1 and L2; `direction` is DMA_IN or DMA_OUT. */
ENNEAD_INLINE ennead_transfer ennead_dma(uint32_t direction, const void *l1, const void *l2, uint32_t bytes) {
  const ennead_transfer id = ENNEAD_REG(DMA);
  ENNEAD_REG(DMA) = bytes | direction | DMA_INCREMENT | DMA_EVENT;
  ENNEAD_REG(DMA) = (uint32_t)l1;
  ENNEAD_REG(DMA) = (uint32_t)l2;
  return id;
}

/* The same for rows of `row_bytes` that lie `stride` bytes apart in L2 and touch each other in L1. */
ENNEAD_INLINE ennead_transfer ennead_dma_rows(uint32_t direction, const void *l1, const void *l2, uint32_t bytes,
                                              uint32_t row_bytes, uint32_t stride) {
  const ennead_transfer id = ENNEAD_REG(DMA);
  ENNEAD_REG(DMA) = bytes | direction | DMA_INCREMENT | DMA_EVENT | DMA_ROWS;
  ENNEAD_REG(DMA) = (uint32_t)l1;
  ENNEAD_REG(DMA) = (uint32_t)l2;
  ENNEAD_REG(DMA) = row_bytes;
  ENNEAD_REG(DMA) = stride;
  return id;
}

/* The same for rows that touch each other in L2 and lie `stride` bytes apart in L1. */
ENNEAD_INLINE ennead_transfer ennead_dma_spread(uint32_t direction, const void *l1, const void *l2, uint32_t bytes,
                                                uint32_t row_bytes, uint32_t stride) {
  const ennead_transfer id = ENNEAD_REG(DMA);
  ENNEAD_REG(DMA) = bytes | direction | DMA_INCREMENT | DMA_EVENT | DMA_SPREAD;
  ENNEAD_REG(DMA) = (uint32_t)l1;
  ENNEAD_REG(DMA) = (uint32_t)l2;
  ENNEAD_REG(DMA) = row_bytes;
  ENNEAD_REG(DMA) = stride;
  return id;
}

/* The same for rows that lie apart on both sides. */
ENNEAD_INLINE ennead_transfer ennead_dma_both(uint32_t direction, const void *l1, uint32_t l1_stride, const void *l2,
                                              uint32_t l2_stride, uint32_t row_bytes, uint32_t rows) {
  const ennead_transfer id = ENNEAD_REG(DMA);
  ENNEAD_REG(DMA) = rows * row_bytes | direction | DMA_INCREMENT | DMA_EVENT | DMA_ROWS | DMA_SPREAD;
  ENNEAD_REG(DMA) = (uint32_t)l1;
  ENNEAD_REG(DMA) = (uint32_t)l2;
  ENNEAD_REG(DMA) = row_bytes;
  ENNEAD_REG(DMA) = l2_stride;
  ENNEAD_REG(DMA) = row_bytes;
  ENNEAD_REG(DMA) = l1_stride;
  return id;
}

/* Sleeps until the transfers of `mask` (bit i: number i) are done and gives their numbers back. To be called by the core
 * that started them. */
ENNEAD_INLINE void ennead_dma_wait_all(uint32_t mask) {
  while (ENNEAD_REG(DMA_STATUS) & mask) {
    ENNEAD_REG(EVENT_UNIT + EVENT_MASK_SET) = EVENT_LINE_DMA;
    ennead_event_load(EVENT_UNIT + EVENT_WAIT_CLEAR);
    ENNEAD_REG(EVENT_UNIT + EVENT_MASK_CLEAR) = EVENT_LINE_DMA;
  }
  ENNEAD_REG(DMA_STATUS) = mask;
}
ENNEAD_INLINE void ennead_dma_wait(ennead_transfer id) { ennead_dma_wait_all(1u << id); }

/* ---- Runtime ---------------------------------------------------------------------------------------------- */

/* Prints on this core's console line. */
void ennead_print(const char *text);
void ennead_print_unsigned(uint32_t value);

/* Ends the run with `code`. */
_Noreturn void ennead_exit(int code);

/* Runs `ennead_team_main` on the workers (as many as `ennead_team` asks for and the machine has); returns their
 * number when all are done. For the orchestrator. */
uint32_t ennead_run_team(void);

/* What each worker of the team executes; a program with workers defines it. */
void ennead_team_main(uint32_t core, uint32_t team);

/* How many workers to use: a parameter that a host may patch before loading. */
extern volatile uint32_t ennead_team;

#else

/* On the host a team is one worker, and DMA is a copy that is done at once. */
typedef uint32_t ennead_transfer;
enum { DMA_IN = 1, DMA_OUT = 0 };
ennead_transfer ennead_dma(uint32_t direction, void *l1, const void *l2, uint32_t bytes);
ennead_transfer ennead_dma_rows(uint32_t direction, void *l1, const void *l2, uint32_t bytes, uint32_t row_bytes,
                                uint32_t stride);
ennead_transfer ennead_dma_spread(uint32_t direction, void *l1, const void *l2, uint32_t bytes, uint32_t row_bytes,
                                  uint32_t stride);
ennead_transfer ennead_dma_both(uint32_t direction, void *l1, uint32_t l1_stride, const void *l2, uint32_t l2_stride,
                                uint32_t row_bytes, uint32_t rows);
ENNEAD_INLINE void ennead_dma_wait(ennead_transfer id) { (void)id; }
ENNEAD_INLINE void ennead_dma_wait_all(uint32_t mask) { (void)mask; }
_Noreturn void ennead_exit(int code);
ENNEAD_INLINE void ennead_barrier(void) {}
void ennead_print(const char *text);
void ennead_print_unsigned(uint32_t value);
uint32_t ennead_run_team(void);
void ennead_team_main(uint32_t core, uint32_t team);

#endif /* ENNEAD_HOST */

/* ---- Floats: one binary32, two binary16 or two bfloat16 in a word ------------------------------------------ */
typedef _Float16 f16;

/* Values of TYPE where a file is compiled once for each element type (kernels/element.h). */
#define F32 1
#define F16 2
#define BF16 3

/* A bfloat16. It is no number of C: all arithmetic goes through the functions below. On the target it is held as a
 * binary16 is, so that the compiler moves it between memory and the float file. */
typedef struct {
#ifdef ENNEAD_HOST
  uint16_t bits;
#else
  f16 bits;
#endif
} bf16;

#ifndef ENNEAD_HOST

/* Two binary16 or bfloat16 as they lie in a register of the target's float file. */
typedef float f16x2;
typedef float bf16x2;

/* What differs between the targets: register class of floats, opcode of packed integers, encodings of the integer
 * maximum and of the hardware loop. */
#ifdef __riscv_flen
#define ENNEAD_FLOAT "f"
#define ENNEAD_SIMD "0x7b"
#define ENNEAD_MAX "0x2b, 3, 0x2d"
/* cv.setup 0 and 1: the next `words` instructions, four bytes each, run `count` times. */
#define ENNEAD_LOOP(count, words) ".insn i 0x2b, 4, x14, " count ", " ENNEAD_STRING(words) " + 1\n"
#define ENNEAD_OUTER_LOOP(count, words) ".insn i 0x2b, 4, x15, " count ", " ENNEAD_STRING(words) " + 1\n"
#else
#define ENNEAD_FLOAT "r"
#define ENNEAD_SIMD "0x57"
#define ENNEAD_MAX "0x33, 6, 0x02"
/* lp.setup 0 and 1: the next `words` instructions, four bytes each, run `count` times. */
#define ENNEAD_LOOP(count, words) ".insn i 0x7b, 4, x0, " count ", 2 * (" ENNEAD_STRING(words) ")\n"
#define ENNEAD_OUTER_LOOP(count, words) ".insn i 0x7b, 4, x1, " count ", 2 * (" ENNEAD_STRING(words) ")\n"
#endif

/* a * b + c with one rounding. */
ENNEAD_INLINE float fma_f32(float a, float b, float c) {
  __asm__("fmadd.s %0, %1, %2, %0" : "+" ENNEAD_FLOAT(c) : ENNEAD_FLOAT(a), ENNEAD_FLOAT(b));
  return c;
}
ENNEAD_INLINE f16 fma_f16(f16 a, f16 b, f16 c) {
  __asm__("fmadd.h %0, %1, %2, %0" : "+" ENNEAD_FLOAT(c) : ENNEAD_FLOAT(a), ENNEAD_FLOAT(b));
  return c;
}
/* vfmac.h */
ENNEAD_INLINE f16x2 fma_f16x2(f16x2 a, f16x2 b, f16x2 c) {
  __asm__(".insn r 0x33, 2, 0x48, %0, %1, %2" : "+" ENNEAD_FLOAT(c) : ENNEAD_FLOAT(a), ENNEAD_FLOAT(b));
  return c;
}

/* fmadd.ah */
ENNEAD_INLINE bf16 fma_bf16(bf16 a, bf16 b, bf16 c) {
  __asm__(".insn r4 0x43, 5, 2, %0, %1, %2, %0" : "+" ENNEAD_FLOAT(c.bits) : ENNEAD_FLOAT(a.bits), ENNEAD_FLOAT(b.bits));
  return c;
}
/* vfmac.ah */
ENNEAD_INLINE bf16x2 fma_bf16x2(bf16x2 a, bf16x2 b, bf16x2 c) {
  __asm__(".insn r 0x33, 1, 0x48, %0, %1, %2" : "+" ENNEAD_FLOAT(c) : ENNEAD_FLOAT(a), ENNEAD_FLOAT(b));
  return c;
}

/* fmul.ah, fadd.ah, fsub.ah; vfmul.ah, vfadd.ah */
#define ENNEAD_BF16(name, code)                                                                                \
  ENNEAD_INLINE bf16 name##_bf16(bf16 a, bf16 b) {                                                             \
    bf16 result;                                                                                               \
    __asm__(".insn r 0x53, 5, " code ", %0, %1, %2"                                                            \
            : "=" ENNEAD_FLOAT(result.bits)                                                                    \
            : ENNEAD_FLOAT(a.bits), ENNEAD_FLOAT(b.bits));                                                     \
    return result;                                                                                             \
  }
#define ENNEAD_BF16X2(name, code)                                                                              \
  ENNEAD_INLINE bf16x2 name##_bf16x2(bf16x2 a, bf16x2 b) {                                                     \
    bf16x2 result;                                                                                             \
    __asm__(".insn r 0x33, 1, " code ", %0, %1, %2" : "=" ENNEAD_FLOAT(result) : ENNEAD_FLOAT(a), ENNEAD_FLOAT(b)); \
    return result;                                                                                             \
  }
ENNEAD_BF16(multiply, "0x0a")
ENNEAD_BF16(add, "0x02")
ENNEAD_BF16(subtract, "0x06")
ENNEAD_BF16X2(multiply, "0x43")
ENNEAD_BF16X2(add, "0x41")

/* flt.ah with the operands exchanged. */
ENNEAD_INLINE int above_bf16(bf16 a, bf16 b) {
  int above;
  __asm__(".insn r 0x53, 5, 0x52, %0, %1, %2" : "=r"(above) : ENNEAD_FLOAT(b.bits), ENNEAD_FLOAT(a.bits));
  return above;
}
/* fcvt.s.ah, fcvt.ah.s */
ENNEAD_INLINE float widen_bf16(bf16 a) {
  float wide;
  __asm__(".insn r 0x53, 0, 0x20, %0, %1, x6" : "=" ENNEAD_FLOAT(wide) : ENNEAD_FLOAT(a.bits));
  return wide;
}
ENNEAD_INLINE bf16 narrow_bf16(float a) {
  bf16 narrow;
  __asm__(".insn r 0x53, 5, 0x22, %0, %1, x0" : "=" ENNEAD_FLOAT(narrow.bits) : ENNEAD_FLOAT(a));
  return narrow;
}
/* vfcpka.ah.s */
ENNEAD_INLINE bf16x2 splat_bf16x2(float a) {
  bf16x2 both;
  __asm__(".insn r 0x33, 1, 0x58, %0, %1, %1" : "=" ENNEAD_FLOAT(both) : ENNEAD_FLOAT(a));
  return both;
}

/* vfmul.h */
ENNEAD_INLINE f16x2 multiply_f16x2(f16x2 a, f16x2 b) {
  f16x2 product;
  __asm__(".insn r 0x33, 2, 0x43, %0, %1, %2" : "=" ENNEAD_FLOAT(product) : ENNEAD_FLOAT(a), ENNEAD_FLOAT(b));
  return product;
}

/* vfadd.h */
ENNEAD_INLINE f16x2 add_f16x2(f16x2 a, f16x2 b) {
  f16x2 sum;
  __asm__(".insn r 0x33, 2, 0x41, %0, %1, %2" : "=" ENNEAD_FLOAT(sum) : ENNEAD_FLOAT(a), ENNEAD_FLOAT(b));
  return sum;
}

/* vfcpka.h.s: the same value in every lane. */
ENNEAD_INLINE f16x2 splat_f16x2(float a) {
  f16x2 both;
  __asm__(".insn r 0x33, 2, 0x58, %0, %1, %1" : "=" ENNEAD_FLOAT(both) : ENNEAD_FLOAT(a));
  return both;
}

/* Each lane where it is above zero as an integer, else 0: cv.max.h or pv.max.h with 0. */
ENNEAD_INLINE uint32_t positive_f16x2(uint32_t a) {
  uint32_t maximum;
  __asm__(".insn r " ENNEAD_SIMD ", 0, 0x18, %0, %1, x0" : "=r"(maximum) : "r"(a));
  return maximum;
}
/* All ones in each lane that is above zero as an integer: cv.cmpgt.h or pv.cmpgt.h with 0. */
ENNEAD_INLINE uint32_t positive_mask_f16x2(uint32_t a) {
  uint32_t mask;
  __asm__(".insn r " ENNEAD_SIMD ", 0, 0x0a, %0, %1, x0" : "=r"(mask) : "r"(a));
  return mask;
}
/* cv.max or p.max with 0. */
ENNEAD_INLINE uint32_t positive_f32(uint32_t a) {
  uint32_t maximum;
  __asm__(".insn r " ENNEAD_MAX ", %0, %1, x0" : "=r"(maximum) : "r"(a));
  return maximum;
}
#else
typedef struct {
  f16 lane[2];
} f16x2;
float fma_f32(float a, float b, float c);
f16 fma_f16(f16 a, f16 b, f16 c);
ENNEAD_INLINE f16x2 fma_f16x2(f16x2 a, f16x2 b, f16x2 c) {
  return (f16x2){{fma_f16(a.lane[0], b.lane[0], c.lane[0]), fma_f16(a.lane[1], b.lane[1], c.lane[1])}};
}
ENNEAD_INLINE f16x2 multiply_f16x2(f16x2 a, f16x2 b) {
  return (f16x2){{(f16)((float)a.lane[0] * (float)b.lane[0]), (f16)((float)a.lane[1] * (float)b.lane[1])}};
}
ENNEAD_INLINE f16x2 add_f16x2(f16x2 a, f16x2 b) {
  return (f16x2){{(f16)((float)a.lane[0] + (float)b.lane[0]), (f16)((float)a.lane[1] + (float)b.lane[1])}};
}
ENNEAD_INLINE f16x2 splat_f16x2(float a) { return (f16x2){{(f16)a, (f16)a}}; }

typedef struct {
  bf16 lane[2];
} bf16x2;
ENNEAD_INLINE float widen_bf16(bf16 a) {
  const union {
    uint32_t word;
    float value;
  } wide = {.word = (uint32_t)a.bits << 16};
  return wide.value;
}
bf16 narrow_bf16(float a);
bf16 fma_bf16(bf16 a, bf16 b, bf16 c);
ENNEAD_INLINE int above_bf16(bf16 a, bf16 b) { return widen_bf16(a) > widen_bf16(b); }
/* Products of two bfloat16 are exact in binary32, and rounding their sums twice is rounding them once: 24 bits are more
 * than twice 8, and two. */
ENNEAD_INLINE bf16 multiply_bf16(bf16 a, bf16 b) { return narrow_bf16(widen_bf16(a) * widen_bf16(b)); }
ENNEAD_INLINE bf16 add_bf16(bf16 a, bf16 b) { return narrow_bf16(widen_bf16(a) + widen_bf16(b)); }
ENNEAD_INLINE bf16 subtract_bf16(bf16 a, bf16 b) { return narrow_bf16(widen_bf16(a) - widen_bf16(b)); }
ENNEAD_INLINE bf16x2 fma_bf16x2(bf16x2 a, bf16x2 b, bf16x2 c) {
  return (bf16x2){{fma_bf16(a.lane[0], b.lane[0], c.lane[0]), fma_bf16(a.lane[1], b.lane[1], c.lane[1])}};
}
ENNEAD_INLINE bf16x2 multiply_bf16x2(bf16x2 a, bf16x2 b) {
  return (bf16x2){{multiply_bf16(a.lane[0], b.lane[0]), multiply_bf16(a.lane[1], b.lane[1])}};
}
ENNEAD_INLINE bf16x2 add_bf16x2(bf16x2 a, bf16x2 b) {
  return (bf16x2){{add_bf16(a.lane[0], b.lane[0]), add_bf16(a.lane[1], b.lane[1])}};
}
ENNEAD_INLINE bf16x2 splat_bf16x2(float a) { return (bf16x2){{narrow_bf16(a), narrow_bf16(a)}}; }
ENNEAD_INLINE uint32_t positive_f16x2(uint32_t a) { return (a & 0x8000 ? 0 : a & 0xFFFF) | (a >> 31 ? 0 : a & ~0xFFFFu); }
ENNEAD_INLINE uint32_t positive_mask_f16x2(uint32_t a) {
  return ((int16_t)a > 0 ? 0xFFFFu : 0) | ((int32_t)a >> 16 > 0 ? 0xFFFF0000u : 0);
}
ENNEAD_INLINE uint32_t positive_f32(uint32_t a) { return (int32_t)a > 0 ? a : 0; }
#endif

/* The same names for the types that C knows; one rounding each. */
ENNEAD_INLINE float multiply_f32(float a, float b) { return a * b; }
ENNEAD_INLINE float add_f32(float a, float b) { return a + b; }
ENNEAD_INLINE float subtract_f32(float a, float b) { return a - b; }
ENNEAD_INLINE int above_f32(float a, float b) { return a > b; }
ENNEAD_INLINE float widen_f32(float a) { return a; }
ENNEAD_INLINE float narrow_f32(float a) { return a; }
ENNEAD_INLINE float splat_f32(float a) { return a; }
ENNEAD_INLINE f16 multiply_f16(f16 a, f16 b) { return a * b; }
ENNEAD_INLINE f16 add_f16(f16 a, f16 b) { return a + b; }
ENNEAD_INLINE f16 subtract_f16(f16 a, f16 b) { return a - b; }
ENNEAD_INLINE int above_f16(f16 a, f16 b) { return a > b; }
ENNEAD_INLINE float widen_f16(f16 a) { return a; }
ENNEAD_INLINE f16 narrow_f16(float a) { return (f16)a; }
/* Sign and order of bfloat16 are those of binary16 with the same bits. */
#define positive_bf16x2 positive_f16x2
#define positive_mask_bf16x2 positive_mask_f16x2

#ifndef ENNEAD_HOST
/* Copies words; `to` is aligned, `from` need not be. */
ENNEAD_INLINE void ennead_copy_words(void *to, const void *from, uint32_t words) {
  uint32_t first, second;
  if (words & 1) {
    __asm__ volatile(".insn i 0x0b, 2, %0, 4(%1)\n" /* p.lw, post-increment */
                     ".insn s 0x2b, 2, %0, 4(%2)\n" /* p.sw, post-increment */
                     : "=&r"(first), "+r"(from), "+r"(to) : : "memory");
  }
  if (words > 1) {
    __asm__ volatile(".balign 4\n.option push\n.option norvc\n"
                     ENNEAD_LOOP("%4", 4)
                     ".insn i 0x0b, 2, %0, 4(%2)\n"
                     ".insn i 0x0b, 2, %1, 4(%2)\n"
                     ".insn s 0x2b, 2, %0, 4(%3)\n"
                     ".insn s 0x2b, 2, %1, 4(%3)\n"
                     ".option pop\n"
                     : "=&r"(first), "=&r"(second), "+r"(from), "+r"(to) : "r"(words / 2) : "memory");
  }
}
/* Copies `lines` runs of `words` (even, at least 2) to one run; in `from`, `gap` bytes lie between them. */
ENNEAD_INLINE void ennead_copy_lines(void *to, const void *from, uint32_t words, uint32_t lines, uint32_t gap) {
  uint32_t first, second;
  if (lines > 0) {
    __asm__ volatile(".balign 4\n.option push\n.option norvc\n"
                     ENNEAD_OUTER_LOOP("%5", 7)
                     ENNEAD_LOOP("%4", 4)
                     ".insn i 0x0b, 2, %0, 4(%2)\n"
                     ".insn i 0x0b, 2, %1, 4(%2)\n"
                     ".insn s 0x2b, 2, %0, 4(%3)\n"
                     ".insn s 0x2b, 2, %1, 4(%3)\n"
                     "add %2, %2, %6\n"
                     "nop\n" /* the outer body ends at least two instructions after the inner */
                     ".option pop\n"
                     : "=&r"(first), "=&r"(second), "+r"(from), "+r"(to)
                     : "r"(words / 2), "r"(lines), "r"(gap)
                     : "memory");
  }
}

/* Zeros `words` words. */
ENNEAD_INLINE void ennead_clear_words(void *to, uint32_t words) {
  for (uint32_t rest = words & 3; rest > 0; rest--) {
    __asm__ volatile(".insn s 0x2b, 2, x0, 4(%0)" : "+r"(to) : : "memory");
  }
  if (words > 3) {
    __asm__ volatile(".balign 4\n.option push\n.option norvc\n"
                     ENNEAD_LOOP("%1", 4)
                     ".insn s 0x2b, 2, x0, 4(%0)\n.insn s 0x2b, 2, x0, 4(%0)\n"
                     ".insn s 0x2b, 2, x0, 4(%0)\n.insn s 0x2b, 2, x0, 4(%0)\n"
                     ".option pop\n"
                     : "+r"(to) : "r"(words / 4) : "memory");
  }
}
#else
ENNEAD_INLINE void ennead_copy_lines(void *to, const void *from, uint32_t words, uint32_t lines, uint32_t gap) {
  for (uint32_t line = 0; line < lines; line++) {
    __builtin_memcpy((char *)to + 4 * words * line, (const char *)from + (4 * words + gap) * line, 4 * words);
  }
}
ENNEAD_INLINE void ennead_clear_words(void *to, uint32_t words) { __builtin_memset(to, 0, 4 * words); }
ENNEAD_INLINE void ennead_copy_words(void *to, const void *from, uint32_t words) {
  __builtin_memcpy(to, from, 4 * words);
}
#endif

/* All ones where a word is above zero as an integer. */
ENNEAD_INLINE uint32_t positive_mask_f32(uint32_t a) { return (uint32_t)-((int32_t)a > 0); }

#endif
