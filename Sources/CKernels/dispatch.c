#include <stdatomic.h>
#include <stddef.h>

#include "kernels/table.h"

_Thread_local float ck_pack_buffer[CK_BLOCK_K * CK_BLOCK_N] __attribute__((aligned(64)));

static _Atomic(const ck_table *) selected = &ck_table_baseline;

static const ck_table *supported_table(int isa) {
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (isa == CK_ISA_AVX512 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
      __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("fma"))
    return &ck_table_avx512;
  if (isa == CK_ISA_AVX2 && __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return &ck_table_avx2;
#endif
  return isa == CK_ISA_BASELINE ? &ck_table_baseline : NULL;
}

int ck_isa_select(int isa) {
  const ck_table *table = NULL;
  if (isa == CK_ISA_BEST)
    for (isa = CK_ISA_AVX512; !table; isa--) table = supported_table(isa);
  else
    table = supported_table(isa);
  if (!table) return 0;
  atomic_store_explicit(&selected, table, memory_order_relaxed);
  return 1;
}

__attribute__((constructor)) static void select_best(void) { ck_isa_select(CK_ISA_BEST); }

static inline const ck_table *table(void) { return atomic_load_explicit(&selected, memory_order_relaxed); }

int ck_isa_current(void) {
  for (int isa = CK_ISA_AVX512; isa > CK_ISA_BASELINE; isa--)
    if (supported_table(isa) == table()) return isa;
  return CK_ISA_BASELINE;
}

const char *ck_isa_name(void) { return table()->name; }

#define CK_FUNCTION(result, name, parameters, arguments) \
  result ck_##name parameters { return table()->name arguments; }
#include "kernels/functions.h"
#undef CK_FUNCTION

long ck_packed_count(long n, long k) { return (n + CK_PANEL - 1) / CK_PANEL * CK_PANEL * k; }

long ck_attention_scratch_count(long time, long key_dimension, long value_dimension) {
  const long forward = CK_TILE_ROWS_MAXIMUM * CK_ATTENTION_KEYS;
  const long backward = 2 * CK_ATTENTION_BLOCK * CK_ATTENTION_BLOCK;
  return ck_packed_count(time, key_dimension) + ck_packed_count(time, value_dimension) +
         (forward > backward ? forward : backward);
}

long ck_selected_scratch_count(long time, long key_dimension, long value_dimension, long count, long block_size) {
  const long most = CK_TILE_ROWS_MAXIMUM * count * block_size, blocks = (time + block_size - 1) / block_size;
  const long columns = ((time < most ? time : most) + CK_PANEL - 1) / CK_PANEL * CK_PANEL;
  // Rows, packed rows and gradients of keys and values (values a vector wider), scores and slopes, means; integers.
  const long width = key_dimension + value_dimension + 16;
  return columns * (3 * width + 2 * CK_TILE_ROWS_MAXIMUM + 1) + CK_TILE_ROWS_MAXIMUM * width + 2 * blocks;
}

long ck_indexer_scratch_count(long time, long heads, long dimension, long count, long block_size) {
  const long columns = (time + CK_PANEL - 1) / CK_PANEL * CK_PANEL, most = count * block_size;
  const long selection = columns * (dimension + 2 * CK_TILE_ROWS_MAXIMUM + 1);
  const long backward = most * (2 * dimension + 2 * heads + 3);
  return selection > backward ? selection : backward;
}
