//! Rows that come in families: packed integer operations on halves and bytes, with a second operand that is a vector, a
//! repeated scalar (`.sc`) or a repeated immediate (`.sci`).
//!
//! Both PULP families lay the six forms of an operation out alike; they differ in prefix, opcode and the six bits that
//! name the operation:
//!
//! ```text
//! xxxxxx 0 ..... ..... 000 ..... opcode   vector,  halves      001   vector,  bytes
//! xxxxxx 0 ..... ..... 100 ..... opcode   .sc,     halves      101   .sc,     bytes
//! xxxxxx . ..... ..... 110 ..... opcode   .sci,    halves      111   .sci,    bytes
//! ```

/// The six forms of each operation: name, six bits, operation on halves, on bytes, form of the immediate (`signed`,
/// `unsigned`), and `acc` where `rd` is a source too.
macro_rules! families {
    ([$extension:ident] $prefix:literal $opcode:literal
     $($name:literal $bits:literal $half:ident $byte:ident $form:ident;)*) => {
        &[$(
            $crate::table::simd::form!([$extension] $prefix $name "h" $bits "0" "000" $opcode,
                $form vector_h, $half),
            $crate::table::simd::form!([$extension] $prefix $name "sc.h" $bits "0" "100" $opcode,
                $form scalar_h, $half),
            $crate::table::simd::form!([$extension] $prefix $name "sci.h" $bits "." "110" $opcode,
                $form immediate_h, $half),
            $crate::table::simd::form!([$extension] $prefix $name "b" $bits "0" "001" $opcode,
                $form vector_b, $byte),
            $crate::table::simd::form!([$extension] $prefix $name "sc.b" $bits "0" "101" $opcode,
                $form scalar_b, $byte),
            $crate::table::simd::form!([$extension] $prefix $name "sci.b" $bits "." "111" $opcode,
                $form immediate_b, $byte),
        )*]
    };
}

/// One form of an operation.
macro_rules! form {
    ([$extension:ident] $prefix:literal $name:literal $suffix:literal $bits:literal $high:literal $funct3:literal
     $opcode:literal, $form:ident $operands:ident, $op:ident) => {
        $crate::table::encode(
            &[$crate::set::Extension::$extension],
            concat!($prefix, $name, ".", $suffix),
            concat!($bits, $high, " ..... ..... ", $funct3, " ..... ", $opcode),
            &$crate::table::simd::operands!($form $operands),
            Some($crate::table::Op::$op),
        )
    };
}

/// The operand format of a form.
macro_rules! operands {
    (signed vector_h) => { $crate::table::format::R };
    (signed vector_b) => { $crate::table::format::R };
    (signed scalar_h) => { $crate::table::format::SC_H };
    (signed scalar_b) => { $crate::table::format::SC_B };
    (signed immediate_h) => { $crate::table::format::SCI_H };
    (signed immediate_b) => { $crate::table::format::SCI_B };
    (unsigned immediate_h) => { $crate::table::format::SCIU_H };
    (unsigned immediate_b) => { $crate::table::format::SCIU_B };
    (unsigned $other:ident) => { $crate::table::simd::operands!(signed $other) };
    (acc_signed vector_h) => { $crate::table::format::ACCUMULATE };
    (acc_signed vector_b) => { $crate::table::format::ACCUMULATE };
    (acc_signed scalar_h) => { $crate::table::format::ACC_SC_H };
    (acc_signed scalar_b) => { $crate::table::format::ACC_SC_B };
    (acc_signed immediate_h) => { $crate::table::format::ACC_SCI_H };
    (acc_signed immediate_b) => { $crate::table::format::ACC_SCI_B };
    (acc_unsigned immediate_h) => { $crate::table::format::ACC_SCIU_H };
    (acc_unsigned immediate_b) => { $crate::table::format::ACC_SCIU_B };
    (acc_unsigned $other:ident) => { $crate::table::simd::operands!(acc_signed $other) };
}

pub(super) use {families, form, operands};
