// The kernels compiled for AVX-512.
#if defined(__x86_64__)
#include <immintrin.h>

#include "kernels/prelude.h"

#pragma clang attribute push(__attribute__((target("avx512f,avx512vl,avx512bw,avx512dq,fma"))), apply_to = function)
#define CK_TARGET_AVX512
#define CK_WIDTH 16
#define CK_TILE_ROWS 12
#include "kernels/all.h"
#pragma clang attribute pop

const ck_table ck_table_avx512 = {
    .name = "avx512",
#define CK_FUNCTION(result, name, parameters, arguments) .name = isa_##name,
#include "kernels/functions.h"
#undef CK_FUNCTION
};
#endif
