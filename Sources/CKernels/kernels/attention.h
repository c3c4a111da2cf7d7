// Causal softmax attention of one head of one sequence, in tiles of queries and blocks of keys (FlashAttention,
// Dao et al., 2022): scores live in a block of scratch, the forward pass keeps the log-sum-exp of a row, the backward
// pass recomputes them.
#pragma once

#pragma STDC FP_CONTRACT ON

/// Which keys a query sees.
typedef struct {
  long window, sinks;
} attention_view;

/// The first key in the window of query t.
CK_INLINE long attention_first(attention_view view, long t) {
  return view.window > 0 && t + 1 > view.window ? t + 1 - view.window : 0;
}

/// The next block [*from, *to) of keys of which queries first ... last see some, after *to; 0 if there is none. Blocks
/// begin at multiples of CK_PANEL and are at most `most` long.
CK_INLINE int attention_next_block(attention_view view, long first, long last, long most, long *from, long *to) {
  long begin = *to;
  const long start = attention_first(view, first), sinks = view.sinks < last + 1 ? view.sinks : last + 1;
  if (begin >= sinks && begin < start) begin = start;
  begin -= begin % CK_PANEL;
  if (begin < *to) begin = *to;
  if (begin > last) return 0;
  long end = last + 1;
  if (begin < sinks && sinks < start) end = sinks;
  if (end - begin > most) end = begin + most;
  // A block that ends before the last key ends with a panel, so that the next one begins with a panel.
  const long whole = (end + CK_PANEL - 1) / CK_PANEL * CK_PANEL;
  *from = begin;
  *to = whole < last + 1 ? whole : last + 1;
  return 1;
}

/// Sets the scores of the keys [from, from + width) that query t does not see to minus infinity.
CK_INLINE void attention_mask(attention_view view, long t, long from, long width, float *scores) {
  long hidden = view.sinks > from ? view.sinks - from : 0, seen = attention_first(view, t) - from;
  if (seen > width) seen = width;
  for (long j = hidden; j < seen; j++) scores[j] = -INFINITY;
  long after = t + 1 - from;
  for (long j = after > 0 ? after : 0; j < width; j++) scores[j] = -INFINITY;
}

/// The columns that the queries up to `last` need of the keys [from, to), in whole panels.
CK_INLINE long attention_width(long from, long to, long last) {
  const long end = last + 1 < to ? last + 1 : to;
  return (end - from + CK_PANEL - 1) / CK_PANEL * CK_PANEL;
}

/// Turns a row of scores into exp(score - the greatest so far); returns the factor for what was summed before.
CK_INLINE float attention_row(float *scores, long width, float *greatest, float *sum) {
  vf most = *greatest;
  for (long j = 0; j < width; j += W) most = v_max(v_load(scores + j), most);
  const float old = *greatest, now = v_greatest(most);
  if (now == -INFINITY) {
    memset(scores, 0, (size_t)width * sizeof(float));
    return 1;
  }
  vf total = 0;
  for (long j = 0; j < width; j += W) {
    vf p = v_exp_nonpositive(v_load(scores + j) - now);
    v_store(scores + j, p);
    total += p;
  }
  const float factor = old == now ? 1 : expf(old - now);
  *sum = *sum * factor + v_sum(total);
  *greatest = now;
  return factor;
}

static void isa_attention_forward(long time, long head_dimension, float scale, long window, long sinks, const float *q,
                                  long ldq, const float *k, long ldk, const float *v, long ldv, float *out, long ldo,
                                  float *logsumexp, float *scratch) {
  const attention_view view = {window, sinks};
  float *keys = scratch, *scores = scratch + ck_packed_count(time, head_dimension);
  const long stride = head_dimension * CK_PANEL;
  pack_panels(1, time, head_dimension, k, ldk, keys, stride);
  for (long i = 0; i < time; i += CK_TILE_ROWS) {
    const long rows = time - i < CK_TILE_ROWS ? time - i : CK_TILE_ROWS, last = i + rows - 1;
    float greatest[CK_TILE_ROWS], sum[CK_TILE_ROWS];
    for (long r = 0; r < rows; r++) greatest[r] = -INFINITY, sum[r] = 0;
    long from = 0, to = 0;
    for (int first = 1; attention_next_block(view, i, last, CK_ATTENTION_KEYS, &from, &to); first = 0) {
      const long width = attention_width(from, to, last);
      gemm_product(0, rows, width, head_dimension, scale, q + i * ldq, ldq, keys + from / CK_PANEL * stride, stride,
                   CK_PANEL, 0, scores, CK_ATTENTION_KEYS);
      for (long r = 0; r < rows; r++) {
        float *row = scores + r * CK_ATTENTION_KEYS;
        attention_mask(view, i + r, from, width, row);
        const float factor = attention_row(row, width, &greatest[r], &sum[r]);
        if (!first && factor != 1) row_scale(out + (i + r) * ldo, factor, NULL, out + (i + r) * ldo, head_dimension);
      }
      gemm_direct(0, rows, head_dimension, to - from, 1, scores, CK_ATTENTION_KEYS, v + from * ldv, ldv,
                  first ? 0 : 1, out + i * ldo, ldo);
    }
    for (long r = 0; r < rows; r++) {
      row_scale(out + (i + r) * ldo, 1.0f / sum[r], NULL, out + (i + r) * ldo, head_dimension);
      logsumexp[i + r] = greatest[r] + logf(sum[r]);
    }
  }
}

/// From scores and dP, both in place: P = exp(score - logsumexp), dS = scale P (dP - delta).
CK_INLINE void attention_row_backward(float *scores, float *slopes, long width, float logsumexp, float delta,
                                      float scale) {
  for (long j = 0; j < width; j += W) {
    // Rounding may carry a score a little over the log-sum-exp.
    vf p = v_exp_nonpositive(v_min(v_load(scores + j) - logsumexp, v_set(0)));
    v_store(scores + j, p);
    v_store(slopes + j, p * (v_load(slopes + j) - delta) * scale);
  }
}

static void isa_attention_backward(long time, long head_dimension, float scale, long window, long sinks,
                                   const float *q, long ldq, const float *k, long ldk, const float *v, long ldv,
                                   const float *out, long ldo, const float *logsumexp, const float *dout, long lddo,
                                   float *dq, long lddq, int accumulate_dq, float *dk, long lddk, float *dv,
                                   long lddv, int accumulate_dkv, float *scratch) {
  enum { block = CK_ATTENTION_BLOCK };
  const attention_view view = {window, sinks};
  const long stride = head_dimension * CK_PANEL;
  float *keys = scratch, *values = keys + ck_packed_count(time, head_dimension);
  float *scores = values + ck_packed_count(time, head_dimension), *slopes = scores + block * block;
  pack_panels(1, time, head_dimension, k, ldk, keys, stride);
  pack_panels(1, time, head_dimension, v, ldv, values, stride);
  if (!accumulate_dkv) {
    gemm_scale(time, head_dimension, 0, dk, lddk);
    gemm_scale(time, head_dimension, 0, dv, lddv);
  }
  for (long i = 0; i < time; i += block) {
    const long queries = time - i < block ? time - i : block;
    float delta[block];
    for (long r = 0; r < queries; r++) delta[r] = row_dot(dout + (i + r) * lddo, out + (i + r) * ldo, head_dimension);
    long from = 0, to = 0;
    for (int first = 1; attention_next_block(view, i, i + queries - 1, block, &from, &to); first = 0) {
      const float *key_panel = keys + from / CK_PANEL * stride, *value_panel = values + from / CK_PANEL * stride;
      for (long r = 0; r < queries; r += CK_TILE_ROWS) {
        const long rows = queries - r < CK_TILE_ROWS ? queries - r : CK_TILE_ROWS;
        const long width = attention_width(from, to, i + queries - 1);
        float *p = scores + r * block, *ds = slopes + r * block;
        gemm_product(0, rows, width, head_dimension, scale, q + (i + r) * ldq, ldq, key_panel, stride, CK_PANEL, 0, p,
                     block);
        gemm_product(0, rows, width, head_dimension, 1, dout + (i + r) * lddo, lddo, value_panel, stride, CK_PANEL, 0,
                     ds, block);
        for (long s = 0; s < rows; s++) {
          attention_mask(view, i + r + s, from, width, p + s * block);
          attention_row_backward(p + s * block, ds + s * block, width, logsumexp[i + r + s], delta[r + s], scale);
        }
        gemm_direct(0, rows, head_dimension, to - from, 1, ds, block, k + from * ldk, ldk,
                    first && !accumulate_dq ? 0 : 1, dq + (i + r) * lddq, lddq);
      }
      gemm_direct(1, to - from, head_dimension, queries, 1, scores, block, dout + i * lddo, lddo, 1, dv + from * lddv,
                  lddv);
      gemm_direct(1, to - from, head_dimension, queries, 1, slopes, block, q + i * ldq, ldq, 1, dk + from * lddk, lddk);
    }
  }
}

static void isa_attention_decode(long keys, long head_dimension, float scale, const float *q, const float *k, long ldk,
                                 const float *v, long ldv, float *out, float *scratch) {
  gemm_inner(1, keys, head_dimension, scale, q, head_dimension, k, ldk, 0, scratch, keys);
  isa_softmax_rows(1, keys, scratch, keys, scratch, keys);
  isa_gemm(0, 0, 1, head_dimension, keys, 1, scratch, keys, v, ldv, 0, out, head_dimension);
}
