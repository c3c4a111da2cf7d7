// Sizes of the memory of the scan, the same for all instruction sets.
#include "include/ck_scan.h"

static long padded(long count) { return (count + 15) / 16 * 16; }

long ck_scan_chunk(const ck_scan_group *group) {
  // Longer chunks make better products, and more of them.
  const long own = padded(group->key_dimension) + padded(group->value_dimension) > 128 ? 64 : 32;
  const long chunk = group->chunk > 0 ? padded(group->chunk) : own;
  const long time = padded(group->time > 1 ? group->time : 1);
  return chunk < time ? chunk : time;
}

long ck_scan_state_count(const ck_scan_group *group) {
  return group->heads * padded(group->key_dimension) * padded(group->value_dimension);
}

long ck_scan_states_count(const ck_scan_group *group) {
  const long chunk = ck_scan_chunk(group);
  return ((group->time + chunk - 1) / chunk + 1) * ck_scan_state_count(group);
}

long ck_scan_scratch_count(const ck_scan_group *group) {
  const long chunk = ck_scan_chunk(group), keys = padded(group->key_dimension);
  const long values = padded(group->value_dimension);
  return chunk * (6 * keys + 6 * values + 5 * chunk + 8) + 2 * keys * values + ck_scan_state_count(group);
}
