// Which instruction set the kernels use.
#ifndef CK_DISPATCH_H
#define CK_DISPATCH_H

/// The best that the CPU has (for `ck_isa_select`).
#define CK_ISA_BEST (-1)
/// 128-bit vectors: SSE2 on x86-64, NEON on arm64, whatever the compiler makes of them elsewhere.
#define CK_ISA_BASELINE 0
/// AVX2 with FMA.
#define CK_ISA_AVX2 1
/// AVX-512 F, VL, BW, DQ.
#define CK_ISA_AVX512 2

/// Selects an instruction set for all threads. 1 if the CPU has it, else 0 and nothing changes. The best is selected at
/// the start; this is for tests and benchmarks. Not to be called while kernels run.
int ck_isa_select(int isa);
/// The selected set: one of the constants above.
int ck_isa_current(void);
/// The name of the selected set: "avx512", "avx2", "neon", "baseline".
const char *ck_isa_name(void);

/// The peak of one core, measured: flop/s (a fused multiply-add counts two) of independent multiply-adds in registers,
/// in thread CPU time. It runs for about `seconds`.
double ck_fma_peak_probe(double seconds);

#endif
