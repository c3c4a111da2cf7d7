// The kernels compiled for what every CPU of the architecture has, in 128-bit vectors.
#include "kernels/prelude.h"

#define CK_WIDTH 4
#if defined(__aarch64__)
#define CK_TILE_ROWS 12
#else
#define CK_TILE_ROWS 4
#endif
#include "kernels/all.h"

const ck_table ck_table_baseline = {
#if defined(__aarch64__)
    .name = "neon",
#else
    .name = "baseline",
#endif
#define CK_FUNCTION(result, name, parameters, arguments) .name = isa_##name,
#include "kernels/functions.h"
#undef CK_FUNCTION
};
