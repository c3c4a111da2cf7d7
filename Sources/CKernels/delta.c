// Sizes of the chunked recurrences' memory, the same for all instruction sets.
#include "include/ck_delta.h"

static long padded(long count) { return (count + 15) / 16 * 16; }

long ck_delta_chunk(long key_dimension, long value_dimension) {
  return padded(key_dimension) + padded(value_dimension) > 128 ? 64 : 32;
}

long ck_delta_state_count(long key_dimension, long value_dimension) {
  return padded(key_dimension) * padded(value_dimension);
}

long ck_delta_states_count(long time, long key_dimension, long value_dimension) {
  long chunk = ck_delta_chunk(key_dimension, value_dimension);
  return ((time + chunk - 1) / chunk + 1) * ck_delta_state_count(key_dimension, value_dimension);
}

long ck_delta_errors_count(long time, long key_dimension, long value_dimension) {
  (void)key_dimension;
  return padded(time) * padded(value_dimension);
}

long ck_delta_scratch_count(long key_dimension, long value_dimension) {
  long chunk = ck_delta_chunk(key_dimension, value_dimension);
  return chunk * (7 * padded(key_dimension) + 5 * padded(value_dimension) + 5 * chunk + 15) +
         2 * ck_delta_state_count(key_dimension, value_dimension);
}
