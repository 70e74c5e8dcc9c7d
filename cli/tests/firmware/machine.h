/* What all programs here share: register access, event loads, and printing by a putc of their own.
 * Addresses and the order of accesses are those that the runtimes' firmware has. */
#ifndef MACHINE_H
#define MACHINE_H

#include <stdint.h>

#define REG(address) (*(volatile uint32_t *)(address))

#define read_csr(number)                                                                           \
  ({                                                                                               \
    uint32_t value_;                                                                               \
    __asm__ volatile("csrr %0, %1" : "=r"(value_) : "i"(number) : "memory");                       \
    value_;                                                                                        \
  })
#define write_csr(number, value) __asm__ volatile("csrw %0, %1" ::"i"(number), "r"(value) : "memory")

/* Marks a region of the report. */
#define REGION_BEGIN(id) __asm__ volatile("sltiu x0, x0, %0" ::"i"(id) : "memory")
#define REGION_END(id) __asm__ volatile("sltiu x0, x0, %0" ::"i"((id) + 1024) : "memory")

static inline uint32_t hart(void) { return read_csr(0xF14); }
static inline uint32_t core_id(void) { return hart() & 31; }

/* p.elw: a load that sleeps, opcode 0x03 with funct3 6. */
static inline uint32_t event_load(uint32_t address) {
  uint32_t value;
  __asm__ volatile(".insn i 0x03, 6, %0, 0(%1)" : "=r"(value) : "r"(address) : "memory");
  return value;
}

void put(char c);
void put_text(const char *text);
void put_number(uint32_t value);

#endif
