// Causal softmax attention of one head of one sequence, in tiles of queries and blocks of keys (FlashAttention,
// Dao et al., 2022): scores live in a block of scratch, the forward pass keeps the log-sum-exp of a row, the backward
// pass recomputes them.
#pragma once

#pragma STDC FP_CONTRACT ON

/// Which keys a query sees.
typedef struct {
  long window, sinks, stride;
} attention_view;

CK_INLINE attention_view attention_view_of(const ck_attention_head *head) {
  return (attention_view){head->window, head->sinks, head->stride > 1 ? head->stride : 1};
}

/// Keys that query t sees at most: those that are complete by then.
CK_INLINE long attention_end(attention_view view, long t) { return view.stride > 1 ? (t + 1) / view.stride : t + 1; }

/// The first key in the window of query t.
CK_INLINE long attention_first(attention_view view, long t) {
  return view.window > 0 && t + 1 > view.window ? t + 1 - view.window : 0;
}

/// The next block [*from, *to) of keys of which queries first ... last see some, after *to; 0 if there is none. Blocks
/// begin at multiples of CK_PANEL and are at most `most` long.
CK_INLINE int attention_next_block(attention_view view, long first, long last, long most, long *from, long *to) {
  long begin = *to;
  const long all = attention_end(view, last);
  const long start = attention_first(view, first), sinks = view.sinks < all ? view.sinks : all;
  if (begin >= sinks && begin < start) begin = start;
  begin -= begin % CK_PANEL;
  if (begin < *to) begin = *to;
  if (begin >= all) return 0;
  long end = all;
  if (begin < sinks && sinks < start) end = sinks;
  if (end - begin > most) end = begin + most;
  // A block that ends before the last key ends with a panel, so that the next one begins with a panel.
  const long whole = (end + CK_PANEL - 1) / CK_PANEL * CK_PANEL;
  *from = begin;
  *to = whole < all ? whole : all;
  return 1;
}

/// The keys of a block that a tile of queries sees, relative to the block: [first, last) exactly, [low, high) in whole
/// vectors, which scores are computed for.
typedef struct {
  long low, high, first, last;
} attention_span;

CK_INLINE attention_span attention_visible(attention_view view, long from, long to, long first, long last) {
  const long all = attention_end(view, last);
  long begin = 0, end = (all < to ? all : to) - from;
  if (end < 0) end = 0;
  if (view.sinks <= from && attention_first(view, first) > from) begin = attention_first(view, first) - from;
  if (begin > end) begin = end;
  return (attention_span){begin / W * W, (end + W - 1) / W * W, begin, end};
}

/// The products of some rows with the packed keys (or values) of a span: a matrix whose column 0 is key `from`.
/// A span may begin inside a panel, where a tile would not fit.
CK_INLINE void attention_products(long rows, long head_dimension, float alpha, const float *a, long lda,
                                  const float *panels, long from, attention_span span, float *products, long ldp) {
  const long stride = head_dimension * CK_PANEL;
  long border = (span.low + CK_PANEL - 1) / CK_PANEL * CK_PANEL;
  if (border > span.high) border = span.high;
  panels += from / CK_PANEL * stride;
  if (border > span.low)
    gemm_product(0, rows, border - span.low, head_dimension, alpha, a, lda,
                 panels + span.low / CK_PANEL * stride + span.low % CK_PANEL, stride, CK_PANEL, 0, products + span.low,
                 ldp);
  gemm_product(0, rows, span.high - border, head_dimension, alpha, a, lda, panels + border / CK_PANEL * stride, stride,
               CK_PANEL, 0, products + border, ldp);
}

/// Sets the scores of the keys [from + span.low, from + span.high) that query t does not see to minus infinity.
CK_INLINE void attention_mask(attention_view view, long t, long from, attention_span span, float *scores) {
  const vf hidden = -INFINITY;
  long begin = attention_first(view, t) - from, end = attention_end(view, t) - from;
  if (begin > span.high) begin = span.high;
  for (long j = view.sinks > from + span.low ? view.sinks - from : span.low; j < begin; j += W)
    v_store_partial(scores + j, hidden, begin - j < W ? begin - j : W);
  for (long j = end > span.low ? end : span.low; j < span.high; j += W)
    v_store_partial(scores + j, hidden, span.high - j < W ? span.high - j : W);
}

/// Turns a row of scores, in base 2, into 2^(score - the greatest so far); returns the factor for what was summed
/// before.
CK_INLINE float attention_row(float *scores, attention_span span, float *greatest, float *sum) {
  vf most = *greatest;
  for (long j = span.low; j < span.high; j += W) most = v_max(v_load(scores + j), most);
  const float old = *greatest, now = v_greatest(most), base = now == -INFINITY ? 0 : now;
  vf total = 0;
  for (long j = span.low; j < span.high; j += W) {
    vf p = v_exp2_nonpositive(v_load(scores + j) - base);
    v_store(scores + j, p);
    total += p;
  }
  const float factor = old == now ? 1 : exp2f(old - now);
  *sum = *sum * factor + v_sum(total);
  *greatest = now;
  return factor;
}

static const float attention_log2_e = 1.44269504088896341f, attention_log_2 = 0.693147180559945309f;

static void isa_attention_forward(const ck_attention_head *head, float *out, long ldo, float *logsumexp,
                                  float *scratch) {
  const attention_view view = attention_view_of(head);
  const long time = head->time, width = head->value_dimension, count = attention_end(view, time - 1);
  const float base = head->sink_logit ? *head->sink_logit * attention_log2_e : -INFINITY;
  float *keys = scratch, *scores = scratch + ck_packed_count(time, head->key_dimension);
  pack_panels(1, count, head->key_dimension, head->k, head->ldk, keys, head->key_dimension * CK_PANEL);
  for (long i = 0; i < time; i += CK_TILE_ROWS) {
    const long rows = time - i < CK_TILE_ROWS ? time - i : CK_TILE_ROWS, last = i + rows - 1;
    float greatest[CK_TILE_ROWS], sum[CK_TILE_ROWS];
    for (long r = 0; r < rows; r++) greatest[r] = base, sum[r] = head->sink_logit ? 1 : 0;
    long from = 0, to = 0;
    int first = 1;
    for (; attention_next_block(view, i, last, CK_ATTENTION_KEYS, &from, &to); first = 0) {
      const attention_span span = attention_visible(view, from, to, i, last);
      attention_products(rows, head->key_dimension, head->scale * attention_log2_e, head->q + i * head->ldq,
                         head->ldq, keys, from, span, scores, CK_ATTENTION_KEYS);
      for (long r = 0; r < rows; r++) {
        float *row = scores + r * CK_ATTENTION_KEYS;
        attention_mask(view, i + r, from, span, row);
        const float factor = attention_row(row, span, &greatest[r], &sum[r]);
        if (!first && factor != 1) row_scale(out + (i + r) * ldo, factor, NULL, out + (i + r) * ldo, width);
      }
      gemm_direct(0, rows, width, span.last - span.first, 1, scores + span.first, CK_ATTENTION_KEYS,
                  head->v + (from + span.first) * head->ldv, head->ldv, first ? 0 : 1, out + i * ldo, ldo);
    }
    if (first) gemm_scale(rows, width, 0, out + i * ldo, ldo);
    for (long r = 0; r < rows; r++) {
      row_scale(out + (i + r) * ldo, sum[r] > 0 ? 1.0f / sum[r] : 0, NULL, out + (i + r) * ldo, width);
      logsumexp[i + r] = attention_log_2 * greatest[r] + logf(sum[r]);
    }
  }
}

/// From scores, in base 2, and dP, both in place: P = exp(score - logsumexp), dS = scale P (dP - delta). The
/// columns next to the span are cleared: tiles of keys, which begin anywhere in it, may reach into them.
#define CK_CLEARED ((CK_TILE_ROWS + W - 1) / W * W)
CK_INLINE void attention_row_backward(float *scores, float *slopes, attention_span span, float logsumexp, float delta,
                                      float scale) {
  const float base = logsumexp == -INFINITY ? 0 : logsumexp * attention_log2_e;
  for (long j = span.low; j < span.high; j += W) {
    // Rounding may carry a score a little over the log-sum-exp.
    vf z = v_load(scores + j) - base, p = v_exp2_nonpositive(z > 0.0f ? (vf)0.0f : z);
    v_store(scores + j, p);
    v_store(slopes + j, p * (v_load(slopes + j) - delta) * scale);
  }
  const vf zero = 0;
  for (long j = span.low - CK_CLEARED; j < span.low; j += W) {
    if (j >= 0) v_store(scores + j, zero), v_store(slopes + j, zero);
  }
  for (long j = span.high; j < span.high + CK_CLEARED && j < CK_ATTENTION_BLOCK; j += W) {
    v_store(scores + j, zero);
    v_store(slopes + j, zero);
  }
}

/// dK or dV of the keys [from, to) += transpose(weights) right, where the rows of weights and right are the `queries`
/// from query i on: tile by tile of keys, each with the queries that see some of it.
static void attention_keys_backward(attention_view view, long width, long i, long queries, long from, long to,
                                    const float *weights, const float *right, long ldr, float *gradient, long ldg) {
  for (long j = from; j < to; j += CK_TILE_ROWS) {
    const long keys = to - j < CK_TILE_ROWS ? to - j : CK_TILE_ROWS;
    const long seen = (j + 1) * view.stride - 1;
    long begin = seen > i ? (seen - i) / CK_TILE_ROWS * CK_TILE_ROWS : 0, end = queries;
    if (view.window > 0 && from >= view.sinks && j + keys - 1 + view.window - i < end)
      end = j + keys - 1 + view.window - i;
    if (begin >= end) continue;
    gemm_direct(1, keys, width, end - begin, 1, weights + begin * CK_ATTENTION_BLOCK + (j - from), CK_ATTENTION_BLOCK,
                right + (i + begin) * ldr, ldr, 1, gradient + j * ldg, ldg);
  }
}

/// delta = sum(dout out) of the queries from i on. The sink's probability has no value, so its slope is -delta.
CK_INLINE void attention_deltas(const ck_attention_head *head, long i, long queries, const float *out, long ldo,
                                const float *dout, long lddo, const float *logsumexp, float *delta, float *dsink) {
  float sum = 0;
  for (long r = 0; r < queries; r++) {
    delta[r] = row_dot(dout + (i + r) * lddo, out + (i + r) * ldo, head->value_dimension);
    if (dsink) sum += expf(*head->sink_logit - logsumexp[i + r]) * delta[r];
  }
  if (dsink) *dsink -= sum;
}

static void isa_attention_backward(const ck_attention_head *head, const float *out, long ldo, const float *logsumexp,
                                   const float *dout, long lddo, const ck_attention_gradients *to_add,
                                   float *scratch) {
  enum { size = CK_ATTENTION_BLOCK };
  const attention_view view = attention_view_of(head);
  const long time = head->time, key_width = head->key_dimension, value_width = head->value_dimension;
  const long count = attention_end(view, time - 1);
  float *dq = to_add->dq, *dk = to_add->dk, *dv = to_add->dv;
  const long lddq = to_add->lddq, lddk = to_add->lddk, lddv = to_add->lddv;
  float *keys = scratch, *values = keys + ck_packed_count(time, key_width);
  float *scores = values + ck_packed_count(time, value_width), *slopes = scores + size * size;
  pack_panels(1, count, key_width, head->k, head->ldk, keys, key_width * CK_PANEL);
  pack_panels(1, count, value_width, head->v, head->ldv, values, value_width * CK_PANEL);
  if (!to_add->accumulate_dkv) {
    gemm_scale(count, key_width, 0, dk, lddk);
    gemm_scale(count, value_width, 0, dv, lddv);
  }
  for (long i = 0; i < time; i += size) {
    const long queries = time - i < size ? time - i : size;
    float delta[size];
    attention_deltas(head, i, queries, out, ldo, dout, lddo, logsumexp, delta, to_add->dsink_logit);
    if (!to_add->accumulate_dq) gemm_scale(queries, key_width, 0, dq + i * lddq, lddq);
    long from = 0, to = 0;
    while (attention_next_block(view, i, i + queries - 1, size, &from, &to)) {
      for (long r = 0; r < queries; r += CK_TILE_ROWS) {
        const long rows = queries - r < CK_TILE_ROWS ? queries - r : CK_TILE_ROWS, t = i + r;
        const attention_span span = attention_visible(view, from, to, t, t + rows - 1);
        float *p = scores + r * size, *ds = slopes + r * size;
        attention_products(rows, key_width, head->scale * attention_log2_e, head->q + t * head->ldq, head->ldq, keys,
                           from, span, p, size);
        attention_products(rows, value_width, 1, dout + t * lddo, lddo, values, from, span, ds, size);
        for (long s = 0; s < rows; s++) {
          attention_mask(view, t + s, from, span, p + s * size);
          attention_row_backward(p + s * size, ds + s * size, span, logsumexp[t + s], delta[r + s], head->scale);
        }
        gemm_direct(0, rows, key_width, span.last - span.first, 1, ds + span.first, size,
                    head->k + (from + span.first) * head->ldk, head->ldk, 1, dq + t * lddq, lddq);
      }
      attention_keys_backward(view, value_width, i, queries, from, to, scores, dout, lddo, dv, lddv);
      attention_keys_backward(view, key_width, i, queries, from, to, slopes, head->q, head->ldq, dk, lddk);
    }
  }
}

static void isa_attention_decode(long queries, long keys, long key_dimension, long value_dimension, float scale,
                                 const float *sink_logits, const float *q, long ldq, const float *k, long ldk,
                                 const float *v, long ldv, float *out, long ldo, float *scratch) {
  const long lds = keys + 1, columns = keys + (sink_logits ? 1 : 0);
  isa_gemm(0, 1, queries, keys, key_dimension, scale, q, ldq, k, ldk, 0, scratch, lds);
  if (sink_logits)
    for (long i = 0; i < queries; i++) scratch[i * lds + keys] = sink_logits[i];
  isa_softmax_rows(queries, columns, scratch, lds, scratch, lds);
  isa_gemm(0, 0, queries, value_dimension, keys, 1, scratch, lds, v, ldv, 0, out, ldo);
}
