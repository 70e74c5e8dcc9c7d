//! Why a core's cycle passed without an instruction leaving decode.
//!
//! Invariant: of every core, active + sleep + all stall cycles = cycles.

macro_rules! stalls {
    ($($name:ident $key:literal $text:literal;)*) => {
        /// The cause of a stalled cycle.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
        #[repr(u8)]
        pub enum Stall { $(#[doc = $text] $name,)* }

        impl Stall {
            /// Every cause, in report order.
            pub const ALL: &[Stall] = &[$(Stall::$name,)*];

            /// How many causes there are.
            pub const COUNT: usize = Self::ALL.len();

            /// The key in a report.
            pub const fn key(self) -> &'static str {
                match self { $(Stall::$name => $key,)* }
            }

            /// What the cause means.
            pub const fn meaning(self) -> &'static str {
                match self { $(Stall::$name => $text,)* }
            }
        }
    };
}

stalls! {
    LoadUse "load_use" "an operand was still being loaded (R3, R4)";
    BankConflict "bank_conflict" "an L1 bank served another master (C2)";
    FpuLatency "fpu_latency" "waiting for a floating-point result, or for the FPU to drain (R19, R21, R23)";
    FpuContention "fpu_contention" "a shared FPU served another core (C7, F1)";
    WriteBack "write_back" "the register-file write port was taken by a returning result (R19)";
    MultiCycle "multi_cycle" "a multiply-high, divide or misaligned access occupied the execute stage (R2, R6)";
    Branch "branch" "refetch after a taken branch (R8)";
    Jump "jump" "refetch after a jump, and waiting for its target register (R9, R10)";
    Fetch "fetch" "instruction memory had not delivered (R11, R13, R26, I3)";
    System "system" "pipeline flush by a CSR access, fence, trap or return (R15, R16, R17)";
    L2 "l2" "access to L2 or anything outside the cluster (P1)";
    Peripheral "peripheral" "access to a peripheral (P1)";
    EventUnit "event_unit" "fixed cost of an event-unit access (R18, E1)";
    Barrier "barrier" "waiting for others at a barrier (C6)";
    Mutex "mutex" "waiting for a hardware mutex (E5)";
    DmaWait "dma_wait" "waiting for a DMA event, or for the DMA to take a command (D3)";
}
