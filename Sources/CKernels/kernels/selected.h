// Softmax attention over selected tokens.
#pragma once

#pragma STDC FP_CONTRACT ON

/// What some neighbouring queries see together: blocks in ascending order, their tokens gathered one after another.
typedef struct {
  /// Gathered tokens, and the same in whole panels.
  long tokens, columns;
  /// For each block, its first gathered token.
  int32_t *starts;
  /// For each gathered token, a bit for each query that sees it; zero beyond the last.
  int32_t *seen;
  float *rest;
} selected_union;

/// Collects the blocks of queries i ... i + rows - 1.
CK_INLINE selected_union selected_collect(const ck_selected_heads *heads, long i, long rows, float *scratch) {
  const long size = heads->block_size, last = i + rows - 1, blocks = last / size + 1;
  const long all = (heads->time + size - 1) / size;
  int32_t *starts = (int32_t *)scratch, *marks = starts + all, *seen = marks + all;
  memset(marks, 0, (size_t)blocks * sizeof *marks);
  for (long r = 0; r < rows; r++) {
    const int32_t *chosen = heads->blocks + (i + r) * heads->ldb;
    for (long c = 0; c < heads->count; c++)
      if (chosen[c] >= 0 && chosen[c] < blocks) marks[chosen[c]] |= 1 << r;
  }
  long tokens = 0;
  for (long b = 0; b < blocks; b++) {
    if (!marks[b]) continue;
    starts[b] = (int32_t)tokens;
    for (long s = b * size; s < (b + 1) * size && s <= last; s++) {
      // Queries before token s do not see it.
      const long hidden = s > i ? s - i : 0;
      seen[tokens++] = marks[b] & (int32_t)(~0u << hidden);
    }
  }
  const long columns = (tokens + CK_PANEL - 1) / CK_PANEL * CK_PANEL;
  for (long s = tokens; s < columns; s++) seen[s] = 0;
  return (selected_union){tokens, columns, starts, seen, (float *)(seen + columns)};
}

/// Copies the rows of a union's tokens, `width` of each, to rows that are `ld` apart.
CK_INLINE void selected_gather(const ck_selected_heads *heads, const selected_union *all, long last, const float *from,
                               long ldf, long width, float *to, long ld) {
  const long size = heads->block_size;
  const int32_t *marks = all->starts + (heads->time + size - 1) / size;
  for (long b = 0; b <= last / size; b++) {
    if (!marks[b]) continue;
    for (long s = b * size; s < (b + 1) * size && s <= last; s++, to += ld)
      memcpy(to, from + s * ldf, (size_t)width * sizeof *to);
  }
}

/// The lanes of seen[j ...] that query r sees.
CK_INLINE vi selected_sees(const int32_t *seen, long j, long r) {
  vi bits;
  memcpy(&bits, seen + j, sizeof bits);
  return (bits & (int32_t)(1 << r)) != 0;
}

/// Columns of gathered values: one more, of ones, whose mean is the sum of the weights.
CK_INLINE long selected_value_columns(long value_dimension) { return value_dimension / W * W + W; }

/// Turns a row of scores, in base 2, into 2^(score - the greatest), which is returned; what is not seen becomes zero.
CK_INLINE float selected_row(const selected_union *all, long r, float *scores) {
  vf most = -INFINITY;
  const vf hidden = -INFINITY;
  for (long j = 0; j < all->columns; j += W) {
    const vf z = v_select(selected_sees(all->seen, j, r), v_load(scores + j), hidden);
    v_store(scores + j, z);
    most = v_max(z, most);
  }
  const float greatest = v_greatest(most), base = greatest == -INFINITY ? 0 : greatest;
  for (long j = 0; j < all->columns; j += W) v_store(scores + j, v_exp2_nonpositive(v_load(scores + j) - base));
  return greatest;
}

static void isa_selected_forward(const ck_selected_heads *heads, float *out, long ldo, float *logsumexp,
                                 float *scratch) {
  const long keys = heads->key_dimension, values = heads->value_dimension, ldv = selected_value_columns(values);
  for (long i = 0; i < heads->time; i += CK_TILE_ROWS) {
    const long rows = heads->time - i < CK_TILE_ROWS ? heads->time - i : CK_TILE_ROWS;
    const selected_union all = selected_collect(heads, i, rows, scratch);
    float *gathered = all.rest, *packed = gathered + all.columns * (keys > ldv ? keys : ldv);
    float *scores = packed + all.columns * keys, *means = scores + CK_TILE_ROWS * all.columns;
    selected_gather(heads, &all, i + rows - 1, heads->k, heads->ldk, keys, gathered, keys);
    pack_panels(1, all.tokens, keys, gathered, keys, packed, keys * CK_PANEL);
    selected_gather(heads, &all, i + rows - 1, heads->v, heads->ldv, values, gathered, ldv);
    for (long s = 0; s < all.tokens; s++)
      for (long c = values; c < ldv; c++) gathered[s * ldv + c] = c == values ? 1 : 0;
    for (long g = 0; g < heads->group; g++) {
      gemm_product(0, rows, all.columns, keys, heads->scale * attention_log2_e, heads->q + i * heads->ldq + g * keys,
                   heads->ldq, packed, keys * CK_PANEL, CK_PANEL, 0, scores, all.columns);
      float greatest[CK_TILE_ROWS];
      for (long r = 0; r < rows; r++) greatest[r] = selected_row(&all, r, scores + r * all.columns);
      // The sum of a row's weights comes from the column of ones: in the order of the tokens, whatever else is gathered.
      gemm_product(0, rows, ldv, all.tokens, 1, scores, all.columns, gathered, CK_PANEL, ldv, 0, means, ldv);
      for (long r = 0; r < rows; r++) {
        const float sum = means[r * ldv + values];
        row_scale(means + r * ldv, sum > 0 ? 1 / sum : 0, NULL, out + (i + r) * ldo + g * values, values);
        logsumexp[g * heads->time + i + r] = attention_log_2 * greatest[r] + logf(sum);
      }
    }
  }
}

/// From scores, in base 2, and dP, both in place: P, and dS = scale P (dP - delta).
CK_INLINE void selected_row_backward(const selected_union *all, long r, float *scores, float *slopes, float logsumexp,
                                     float delta, float scale) {
  const float base = logsumexp * attention_log2_e;
  const vf zero = 0;
  for (long j = 0; j < all->columns; j += W) {
    vf z = v_load(scores + j) - base;
    const vf p = v_select(selected_sees(all->seen, j, r), v_exp2_nonpositive(z > 0.0f ? zero : z), zero);
    v_store(scores + j, p);
    v_store(slopes + j, p * (v_load(slopes + j) - delta) * scale);
  }
}

/// Adds the probabilities of what query t sees to its row of `attended`.
CK_INLINE void selected_attended(const ck_selected_heads *heads, const selected_union *all, long t, const float *p,
                                 float *attended) {
  const long size = heads->block_size;
  const int32_t *chosen = heads->blocks + t * heads->ldb;
  for (long c = 0; c < heads->count; c++) {
    if (chosen[c] < 0) continue;
    for (long s = chosen[c] * size; s < (chosen[c] + 1) * size && s <= t; s++)
      attended[c * size + s - chosen[c] * size] += p[all->starts[chosen[c]] + s - chosen[c] * size];
  }
}

/// Adds gathered rows to those of the union's tokens.
CK_INLINE void selected_scatter(const ck_selected_heads *heads, const selected_union *all, long last, const float *from,
                                long width, float *to, long ldt) {
  const long size = heads->block_size;
  const int32_t *marks = all->starts + (heads->time + size - 1) / size;
  for (long b = 0; b <= last / size; b++) {
    if (!marks[b]) continue;
    for (long s = b * size; s < (b + 1) * size && s <= last; s++, from += width)
      for (long c = 0; c < width; c += W)
        row_store(to + s * ldt, c, width, row_load(to + s * ldt, c, width) + row_load(from, c, width));
  }
}

static void isa_selected_backward(const ck_selected_heads *heads, const float *out, long ldo, const float *logsumexp,
                                  const float *dout, long lddo, const ck_attention_gradients *to_add, float *attended,
                                  float *scratch) {
  const long keys = heads->key_dimension, values = heads->value_dimension;
  if (!to_add->accumulate_dkv) {
    gemm_scale(heads->time, keys, 0, to_add->dk, to_add->lddk);
    gemm_scale(heads->time, values, 0, to_add->dv, to_add->lddv);
  }
  for (long i = 0; i < heads->time; i += CK_TILE_ROWS) {
    const long rows = heads->time - i < CK_TILE_ROWS ? heads->time - i : CK_TILE_ROWS, last = i + rows - 1;
    const selected_union all = selected_collect(heads, i, rows, scratch);
    float *key_rows = all.rest, *value_rows = key_rows + all.columns * keys;
    float *packed_keys = value_rows + all.columns * values, *packed_values = packed_keys + all.columns * keys;
    float *dk = packed_values + all.columns * values, *dv = dk + all.columns * keys;
    float *scores = dv + all.columns * values, *slopes = scores + CK_TILE_ROWS * all.columns;
    selected_gather(heads, &all, last, heads->k, heads->ldk, keys, key_rows, keys);
    selected_gather(heads, &all, last, heads->v, heads->ldv, values, value_rows, values);
    pack_panels(1, all.tokens, keys, key_rows, keys, packed_keys, keys * CK_PANEL);
    pack_panels(1, all.tokens, values, value_rows, values, packed_values, values * CK_PANEL);
    for (long g = 0; g < heads->group; g++) {
      const float *q = heads->q + i * heads->ldq + g * keys, *slope = dout + i * lddo + g * values;
      gemm_product(0, rows, all.columns, keys, heads->scale * attention_log2_e, q, heads->ldq, packed_keys,
                   keys * CK_PANEL, CK_PANEL, 0, scores, all.columns);
      gemm_product(0, rows, all.columns, values, 1, slope, lddo, packed_values, values * CK_PANEL, CK_PANEL, 0, slopes,
                   all.columns);
      for (long r = 0; r < rows; r++) {
        float *p = scores + r * all.columns;
        const float delta = row_dot(slope + r * lddo, out + (i + r) * ldo + g * values, values);
        selected_row_backward(&all, r, p, slopes + r * all.columns, logsumexp[g * heads->time + i + r], delta,
                              heads->scale);
        if (attended)
          selected_attended(heads, &all, i + r, p, attended + (i + r) * heads->count * heads->block_size);
      }
      gemm_direct(0, rows, keys, all.tokens, 1, slopes, all.columns, key_rows, keys, to_add->accumulate_dq ? 1 : 0,
                  to_add->dq + i * to_add->lddq + g * keys, to_add->lddq);
      gemm_direct(1, all.tokens, keys, rows, 1, slopes, all.columns, q, heads->ldq, g > 0, dk, keys);
      gemm_direct(1, all.tokens, values, rows, 1, scores, all.columns, slope, lddo, g > 0, dv, values);
    }
    selected_scatter(heads, &all, last, dk, keys, to_add->dk, to_add->lddk);
    selected_scatter(heads, &all, last, dv, values, to_add->dv, to_add->lddv);
  }
}
