// The kernels compiled for AVX2.
#if defined(__x86_64__)
#include <immintrin.h>

#include "kernels/prelude.h"

#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#define CK_TARGET_AVX2
#define CK_WIDTH 8
#define CK_TILE_ROWS 6
#include "kernels/all.h"
#pragma clang attribute pop

const ck_table ck_table_avx2 = {
    .name = "avx2",
#define CK_FUNCTION(result, name, parameters, arguments) .name = isa_##name,
#include "kernels/functions.h"
#undef CK_FUNCTION
};
#endif
