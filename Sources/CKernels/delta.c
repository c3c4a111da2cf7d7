// Sizes of the chunked recurrences' memory, the same for all instruction sets.
#include "include/ck_delta.h"

static long padded(long count) { return (count + 15) / 16 * 16; }

long ck_delta_chunk(ck_delta_shape shape) {
  if (shape.chunk > 0) return padded(shape.chunk);
  const long rows = padded(shape.key_dimension) + padded(shape.value_dimension) > 128 ? 64 : 32;
  return rows / shape.steps > 16 ? rows / shape.steps / 16 * 16 : 16;
}

long ck_delta_state_count(ck_delta_shape shape) { return padded(shape.key_dimension) * padded(shape.value_dimension); }

long ck_delta_states_count(ck_delta_shape shape) {
  long chunk = ck_delta_chunk(shape);
  return ((shape.time + chunk - 1) / chunk + 1) * ck_delta_state_count(shape);
}

long ck_delta_errors_count(ck_delta_shape shape) {
  return padded(shape.time * shape.steps) * padded(shape.value_dimension);
}

long ck_delta_scratch_count(ck_delta_shape shape) {
  const long tokens = ck_delta_chunk(shape), rows = tokens * shape.steps;
  const long keys = padded(shape.key_dimension), values = padded(shape.value_dimension);
  return rows * (5 * keys + 4 * values + 3 * rows + 14 + shape.steps) + tokens * (2 * keys + values + 2 * rows + 3) +
         2 * ck_delta_state_count(shape);
}
