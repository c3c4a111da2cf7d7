// Sizes of the memory of recurrences with channel-wise decay, the same for all instruction sets.
#include "include/ck_channel.h"

static long padded(long count) { return (count + 15) / 16 * 16; }

long ck_channel_chunk(ck_channel_shape shape) {
  if (shape.chunk > 0) return padded(shape.chunk);
  // The two-sided rules have twice the pairs, so that longer chunks pay only when states are large.
  const long width = padded(shape.key_dimension) + padded(shape.value_dimension);
  if (shape.rule == CK_CHANNEL_ADDITIVE) return width > 128 ? 64 : 32;
  return width > (shape.rule == CK_CHANNEL_DELTA ? 64 : 128) ? 32 : 16;
}

long ck_channel_state_count(ck_channel_shape shape) {
  return padded(shape.key_dimension) * padded(shape.value_dimension);
}

long ck_channel_states_count(ck_channel_shape shape) {
  const long chunk = ck_channel_chunk(shape);
  return ((shape.time + chunk - 1) / chunk + 1) * ck_channel_state_count(shape);
}

long ck_channel_solutions_count(ck_channel_shape shape) {
  return shape.rule == CK_CHANNEL_ADDITIVE ? 0 : padded(shape.time) * padded(shape.value_dimension);
}

long ck_channel_scratch_count(ck_channel_shape shape) {
  const long reads = shape.rule == CK_CHANNEL_ADDITIVE ? 1 : 2, writes = shape.rule == CK_CHANNEL_LOW_RANK ? 2 : 1;
  const long chunk = ck_channel_chunk(shape), keys = padded(shape.key_dimension), values = padded(shape.value_dimension);
  const long of_keys = 7 + 5 * reads + 5 * writes, of_values = 1 + reads + 2 * writes;
  return chunk * (of_keys * keys + of_values * values + reads * writes * chunk + 2 + writes) +
         3 * (chunk / 16) * keys + (2 + 16 * (1 + reads)) * keys + 2 * keys * values;
}
