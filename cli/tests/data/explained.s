# Built by: clang --target=riscv32-unknown-elf -march=rv32imc -g -fdebug-compilation-dir=. -c explained.s -o explained.o
#           ld.lld -N -Ttext=0x1c008000 -e _start explained.o -o explained.elf
        .option norvc
        .globl _start
        .type _start, @function
_start: lui     s0, 0x1c010
        addi    a0, zero, 3
        addi    a1, zero, 1
        call    work
        lui     t0, 0x1a104
        lui     t1, 0x80000
        sw      t1, 0xa0(t0)
1:      j       1b
        .size _start, . - _start

        .type work, @function
work:   divu    a2, a0, a1
        lw      a3, 0(s0)
        add     a4, a3, a3
        addi    a0, a0, -1
        bnez    a0, work
        ret
        .size work, . - work
