// The backward pass of the scan in chunks. The formulas are in ck_scan.h.
#pragma once

#pragma STDC FP_CONTRACT ON

/// What the backward pass of a chunk needs besides a scan_chunk. Rows are `keys` or `values` floats.
typedef struct {
  float *dout, *dv;       // [chunk, values]
  float *scaled;          // [chunk, values]: dout times e^G, and values times e^{G_C - G}
  float *v_transposed;    // [values, chunk]
  float *dq, *dk;         // [chunk, keys], of all heads together
  float *dq_head;         // [chunk, keys]: as the state before the chunk sees the queries of one head
  float *dscores;         // [chunk, chunk]: dout_i . v_j of the head at hand
  float *draw;            // [chunk, chunk]: the gradient of `raw`, of all heads together
  float *dstates;         // [heads, keys, values]: of the states after the chunk
  float *transposed;      // [values, keys]: a state
  float *read, *written;  // [chunk]: gradients of G_i, as a later and as an earlier token of the chunk
  float *kept, *dots;     // [chunk]: as the state after the chunk keeps token i; others
} scan_gradient;

static scan_gradient scan_gradient_in(const ck_scan_group *group, scan_chunk *c) {
  scan_gradient d;
  float **rows_of_values[] = {&d.dout, &d.dv, &d.scaled, &d.v_transposed};
  for (int i = 0; i < 4; i++) *rows_of_values[i] = take(&c->free, c->chunk * c->values);
  float **rows_of_keys[] = {&d.dq, &d.dk, &d.dq_head};
  for (int i = 0; i < 3; i++) *rows_of_keys[i] = take(&c->free, c->chunk * c->keys);
  float **numbers[] = {&d.read, &d.written, &d.kept, &d.dots};
  for (int i = 0; i < 4; i++) *numbers[i] = take(&c->free, c->chunk);
  d.dscores = take(&c->free, c->chunk * c->chunk);
  d.draw = take_square(&c->free, c->chunk);
  d.transposed = take(&c->free, c->keys * c->values);
  d.dstates = take(&c->free, group->heads * c->keys * c->values);
  memset(d.dstates, 0, sizeof(float) * (size_t)(group->heads * c->keys * c->values));
  return d;
}

/// The gradient of `raw` out of that of the scores, and, with `gates`, the gradients of G by pairs of tokens i > j: the
/// sum over j of dscores_ij scores_ij for `read`, over i for `written`. The diagonal does not depend on any decay and is
/// left out.
CK_INLINE void scan_backward_pairs(const int adds, const int gates, long rows, const scan_chunk *c, scan_gradient *d) {
  if (gates) memset(d->written, 0, sizeof(float) * (size_t)rows);
  for (long i = 0; i < rows; i++) {
    const long row = i * c->chunk, block = i / CK_PAD * CK_PAD;
    vf total = 0;
    for (long j = 0; j < block + CK_PAD; j += W) {
      vf pair = v_load(d->dscores + row + j) * v_load(c->decay + row + j);
      v_store(d->draw + row + j, adds ? v_load(d->draw + row + j) + pair : pair);
      if (gates) {
        vf both = pair * v_load(c->raw + row + j);
        if (j >= block) both = v_keep(both, i - block, j - block);
        total += both;
        v_store(d->written + j, v_load(d->written + j) + both);
      }
    }
    if (gates) d->read[i] = v_sum(total);
  }
}

/// Adds the parts of queries and keys that one head gives through the states, and passes the gradient of its state on
/// to the chunk before. With `gates`, `read` gets what the queries read from the state.
CK_INLINE void scan_backward_state(const int first, const int gates, long count, float scale, const float *state,
                                   const scan_chunk *c, scan_gradient *d, float *dstate) {
  const long keys = c->keys, values = c->values, rows = padded(count);
  // dk = e^{G_C - G} v dS'.
  block_transpose(keys, values, dstate, values, d->transposed, keys);
  scale_rows(rows, values, c->left, c->v, d->scaled);
  block_product(0, rows, keys, values, 1, d->scaled, values, d->transposed, keys, first ? 0 : 1, d->dk, keys);

  // dq = c e^G do S', and dS = e^{G_C} dS + c q' (e^G do).
  scale_rows(rows, values, c->grown, d->dout, d->scaled);
  block_transpose(keys, values, state, values, d->transposed, keys);
  float *dq = gates && !first ? d->dq_head : d->dq;
  block_product(0, rows, keys, values, scale, d->scaled, values, d->transposed, keys, first || gates ? 0 : 1, dq, keys);
  if (gates) {
    row_dots(rows, keys, c->q, dq, d->dots);
    for (long i = 0; i < rows; i += W) v_store(d->read + i, v_load(d->read + i) + v_load(d->dots + i));
  }
  if (dq == d->dq_head)
    for (long j = 0; j < rows * keys; j += W) v_store(d->dq + j, v_load(d->dq + j) + v_load(dq + j));
  block_product(1, keys, values, rows, scale, c->q, keys, d->scaled, values, c->grown[count - 1], dstate, values);
}

/// The gradients of the log decays, from `all`, that of the log decay of the whole chunk.
///
/// G_i enters with token i as reader, -G_i with it as writer, so the gradient of G_i, summed over all later tokens, is
/// that of g_i. The state after the chunk sees token j through e^{G_C - G_j}, which depends on g_i if j < i: a sum over
/// earlier tokens. So a term that decay has made small stays exact.
static void scan_backward_gates(long head, long start, long count, float all, scan_gradient *d,
                                const ck_scan_gradients *to) {
  float from_later = 0;
  for (long i = 0; i < count; all += d->kept[i++]) d->dots[i] = all;
  for (long i = count - 1; i >= 0; i--) {
    from_later += d->read[i] - d->written[i];
    float *at = to->log_decay + (start + i) * to->ldg + head;
    *at = (to->accumulate_log_decay ? *at : 0.0f) + from_later + d->dots[i];
  }
}

/// The gradients of the values, their factors and the skip, from `dv`, that of values times factors.
static void scan_backward_values(const ck_scan_group *group, long head, long start, long count, const scan_chunk *c,
                                 scan_gradient *d, const ck_scan_gradients *to) {
  const long values = c->values, width = group->value_dimension, rows = padded(count);
  if (group->scale) {
    row_dots(rows, values, c->x, d->dv, d->dots);
    for (long i = 0; i < count; i++) {
      float *at = to->scale + (start + i) * to->lds + head;
      *at = (to->accumulate_scale ? *at : 0.0f) + d->dots[i];
      vf factor = group->scale[(start + i) * group->lds + head];
      for (long j = i * values; j < (i + 1) * values; j += W) v_store(d->dv + j, factor * v_load(d->dv + j));
    }
  }
  if (group->skip) {
    const float skip = group->skip[head];
    vf sum = 0;
    for (long j = 0; j < rows * values; j += W) {
      vf dout = v_load(d->dout + j);
      sum = dout * v_load(c->x + j) + sum;
      v_store(d->dv + j, skip * dout + v_load(d->dv + j));
    }
    to->skip[head] += v_sum(sum);
  }
  store_rows(count, width, d->dv, to->v + start * to->ldv + head * width, to->ldv, to->accumulate_v);
}

/// One head of a chunk.
CK_INLINE void scan_backward_head(const int first, const int gates, const ck_scan_group *group, long head, long start,
                                  long count, const float *state, const float *dout, long lddo, scan_chunk *c,
                                  scan_gradient *d, const ck_scan_gradients *to) {
  const long keys = c->keys, values = c->values, rows = padded(count), width = group->value_dimension;
  float *dstate = d->dstates + head * keys * values;
  scan_load_head(group, head, start, count, c);
  load_rows(count, rows, width, dout + start * lddo + head * width, lddo, d->dout);

  // dv = scores' do + e^{G_C - G} k dS.
  block_product(0, rows, values, keys, 1, c->k, keys, dstate, values, 0, d->dv, values);
  scale_rows(rows, values, c->left, d->dv, d->dv);
  if (gates) row_dots(rows, values, c->v, d->dv, d->kept);
  lower_transposed_times(rows, values, 1, c->scores, c->chunk, d->dout, values, 1, d->dv, values);

  block_transpose(rows, values, c->v, values, d->v_transposed, c->chunk);
  lower_product(rows, values, d->dout, values, d->v_transposed, c->chunk, d->dscores, c->chunk);
  scan_backward_pairs(!first, gates, rows, c, d);
  float all = 0;
  if (gates) {
    vf product = 0;
    for (long j = 0; j < keys * values; j += W) product = v_load(dstate + j) * v_load(state + j) + product;
    all = c->grown[count - 1] * v_sum(product);
  }
  scan_backward_state(first, gates, count, group->query_scale, state, c, d, dstate);
  if (gates) scan_backward_gates(head, start, count, all, d, to);
  scan_backward_values(group, head, start, count, c, d, to);
}

static void isa_scan_backward(const ck_scan_group *group, const float *states, const float *dout, long lddo,
                              const ck_scan_gradients *to, float *scratch) {
  scan_chunk c = scan_chunk_in(group, scratch);
  scan_gradient d = scan_gradient_in(group, &c);
  const long keys = c.keys, state_count = keys * c.values, width = group->key_dimension;
  for (long index = (group->time + c.chunk - 1) / c.chunk - 1; index >= 0; index--) {
    const long start = index * c.chunk;
    const long count = group->time - start < c.chunk ? group->time - start : c.chunk, rows = padded(count);
    scan_load(group, start, count, &c);
    for (long head = 0; head < group->heads; head++) {
      const float *state = states + (index * group->heads + head) * state_count;
      if (group->log_decay) {
        if (head == 0)
          scan_backward_head(1, 1, group, head, start, count, state, dout, lddo, &c, &d, to);
        else
          scan_backward_head(0, 1, group, head, start, count, state, dout, lddo, &c, &d, to);
      } else {
        if (head == 0)
          scan_backward_head(1, 0, group, head, start, count, state, dout, lddo, &c, &d, to);
        else
          scan_backward_head(0, 0, group, head, start, count, state, dout, lddo, &c, &d, to);
      }
    }
    // dq += c draw k, and dk += c draw' q.
    lower_times(rows, keys, group->query_scale, d.draw, c.chunk, c.k, keys, 1, d.dq, keys);
    lower_transposed_times(rows, keys, group->query_scale, d.draw, c.chunk, c.q, keys, 1, d.dk, keys);
    store_rows(count, width, d.dq, to->q + start * to->ldq, to->ldq, to->accumulate_q);
    store_rows(count, width, d.dk, to->k + start * to->ldk, to->ldk, to->accumulate_k);
  }
}
