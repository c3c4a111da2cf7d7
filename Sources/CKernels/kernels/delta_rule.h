// The gated delta rule in chunks, forward and backward, and one step of it. The formulas are in ck_delta.h.
#pragma once

#pragma STDC FP_CONTRACT ON

static void isa_delta_forward(const ck_delta_head *head, float *out, long ldo, float *states, float *errors,
                              float *scratch) {
  delta_chunk c = delta_chunk_in(head, scratch);
  const long state_count = c.keys * c.values;
  float *held = take(&c.free, c.chunk * c.values);
  float *u = take(&c.free, c.chunk * c.values), *o = take(&c.free, c.chunk * c.values);
  float *state = states;
  for (long start = 0; start < head->time; start += c.chunk) {
    const long count = head->time - start < c.chunk ? head->time - start : c.chunk, rows = padded(count);
    delta_prepare(head, start, count, rows, 0, &c);

    // e = v - e^G (k S), then the solve.
    float *e = errors ? errors + start * c.values : held;
    load_rows(count, rows, head->value_dimension, head->v + start * head->ldv, head->ldv, e);
    block_product(0, rows, c.values, c.keys, 1, c.k, c.keys, state, c.values, 0, o, c.values);
    for (long i = 0; i < rows; i++) {
      vf grown = c.grown[i];
      for (long j = i * c.values; j < (i + 1) * c.values; j += W) v_store(e + j, v_load(e + j) - grown * v_load(o + j));
    }
    delta_solve(0, rows, c.values, c.overlap, c.chunk, e);
    scale_rows(rows, c.values, c.beta, e, u);

    // o = e^G (q S) + scores u.
    block_product(0, rows, c.values, c.keys, 1, c.q, c.keys, state, c.values, 0, o, c.values);
    scale_rows(rows, c.values, c.grown, o, o);
    lower_times(rows, c.values, 1, c.scores, c.chunk, u, c.values, 1, o, c.values);
    store_rows(count, head->value_dimension, o, out + start * ldo, ldo, 0);

    // S = e^{G_C} S + k' (e^{G_C - G} u).
    float *next = errors ? state + state_count : state;
    vf grown = c.grown[rows - 1];
    for (long j = 0; j < state_count; j += W) v_store(next + j, grown * v_load(state + j));
    scale_rows(rows, c.values, c.left, u, u);
    block_product(1, c.keys, c.values, rows, 1, c.k, c.keys, u, c.values, 1, next, c.values);
    state = next;
  }
}

/// What the backward pass of a chunk needs besides a delta_chunk. Rows are `keys` or `values` floats.
typedef struct {
  float *u, *u_transposed;      // [chunk, values], [values, chunk]
  float *dout, *dv;             // [chunk, values]
  float *scaled;                // [chunk, values]: either, times e^G
  float *dq;                    // [chunk, keys]
  float *dk_read;               // [chunk, keys]: minus the gradient of keys that read the state and earlier keys
  float *dk_pair, *dk_state;    // [chunk, keys]: of keys as later tokens, and as the next state, see them
  float *dscores, *doverlap;    // [chunk, chunk]: before the decay, without the diagonal
  float *dstate, *transposed;   // [keys, values], and a state transposed
  float *diagonal;              // [chunk]: the gradient of q_i . k_i
  float *dbeta, *q_dots, *read_dots, *pair_dots, *state_dots;  // [chunk]
} delta_gradient;

static delta_gradient delta_gradient_in(delta_chunk *c) {
  delta_gradient d;
  float **rows_of_values[] = {&d.u, &d.u_transposed, &d.dout, &d.dv, &d.scaled};
  for (int i = 0; i < 5; i++) *rows_of_values[i] = take(&c->free, c->chunk * c->values);
  float **rows_of_keys[] = {&d.dq, &d.dk_read, &d.dk_pair, &d.dk_state};
  for (int i = 0; i < 4; i++) *rows_of_keys[i] = take(&c->free, c->chunk * c->keys);
  float **numbers[] = {&d.diagonal, &d.dbeta, &d.q_dots, &d.read_dots, &d.pair_dots, &d.state_dots};
  for (int i = 0; i < 6; i++) *numbers[i] = take(&c->free, c->chunk);
  d.dscores = take_square(&c->free, c->chunk);
  d.doverlap = take_square(&c->free, c->chunk);
  d.dstate = take(&c->free, c->keys * c->values);
  d.transposed = take(&c->free, c->keys * c->values);
  return d;
}

/// The gradients of v and beta, and of the scores and overlaps.
static void delta_backward_values(long rows, const float *e, delta_chunk *c, delta_gradient *d) {
  const long keys = c->keys, values = c->values, chunk = c->chunk;
  // du = scores' do + e^{G_C - G} (k dS); the transposed solve makes it that of the right-hand side beta (v - ...).
  block_product(0, rows, values, keys, 1, c->k, keys, d->dstate, values, 0, d->dv, values);
  scale_rows(rows, values, c->left, d->dv, d->dv);
  lower_transposed_times(rows, values, 1, c->scores, chunk, d->dout, values, 1, d->dv, values);
  delta_solve(1, rows, values, c->overlap, chunk, d->dv);
  row_dots(rows, values, d->dv, e, d->dbeta);
  scale_rows(rows, values, c->beta, d->dv, d->dv);

  lower_product(rows, values, d->dout, values, d->u_transposed, chunk, d->dscores, chunk);
  lower_product(rows, values, d->dv, values, d->u_transposed, chunk, d->doverlap, chunk);
  for (long i = 0; i < rows; i++) {
    const long row = i * chunk;
    d->diagonal[i] = d->dscores[row + i];
    for (long j = 0; j < padded(i + 1); j += W) {
      vf decay = v_load(c->decay + row + j);
      v_store(d->dscores + row + j, v_load(d->dscores + row + j) * decay);
      v_store(d->doverlap + row + j, v_load(d->doverlap + row + j) * decay);
    }
    d->dscores[row + i] = d->doverlap[row + i] = 0;
  }
}

/// The gradients of normalised queries and keys, but for the diagonal, and that of the state before the chunk.
static void delta_backward_keys(long rows, const float *state, delta_chunk *c, delta_gradient *d) {
  const long keys = c->keys, values = c->values, chunk = c->chunk;
  block_transpose(keys, values, d->dstate, values, d->transposed, keys);
  scale_rows(rows, values, c->left, d->u, d->u);
  block_product(0, rows, keys, values, 1, d->u, values, d->transposed, keys, 0, d->dk_state, keys);
  lower_transposed_times(rows, keys, 1, d->dscores, chunk, c->q, keys, 0, d->dk_pair, keys);
  lower_transposed_times(rows, keys, -1, d->doverlap, chunk, c->k, keys, 1, d->dk_pair, keys);

  // dq = dscores k + e^G do S', and dS = e^{G_C} dS + q' (e^G do) - k' (e^G dv).
  vf all = c->grown[rows - 1];
  for (long j = 0; j < keys * values; j += W) v_store(d->dstate + j, all * v_load(d->dstate + j));
  block_transpose(keys, values, state, values, d->transposed, keys);
  scale_rows(rows, values, c->grown, d->dout, d->scaled);
  block_product(0, rows, keys, values, 1, d->scaled, values, d->transposed, keys, 0, d->dq, keys);
  lower_times(rows, keys, 1, d->dscores, chunk, c->k, keys, 1, d->dq, keys);
  block_product(1, keys, values, rows, 1, c->q, keys, d->scaled, values, 1, d->dstate, values);

  scale_rows(rows, values, c->grown, d->dv, d->scaled);
  block_product(0, rows, keys, values, 1, d->scaled, values, d->transposed, keys, 0, d->dk_read, keys);
  lower_times(rows, keys, 1, d->doverlap, chunk, c->k, keys, 1, d->dk_read, keys);
  block_product(1, keys, values, rows, -1, c->k, keys, d->scaled, values, 1, d->dstate, values);
}

/// Writes the gradient of raw rows, where x = scale * factor * raw is normalised: scale * factor * (dx - x (x . dx) /
/// factor^2).
static void delta_backward_norm(long count, long width, float factor, const float *x, float *dx, const float *scale,
                                const float *dots, float *to, long ldt, int accumulate) {
  const long full = padded(width);
  for (long i = 0; i < count; i++) {
    vf by = scale[i] * factor, along = dots[i] / (factor * factor);
    for (long j = i * full; j < (i + 1) * full; j += W) v_store(dx + j, by * (v_load(dx + j) - along * v_load(x + j)));
  }
  store_rows(count, width, dx, to, ldt, accumulate);
}

/// The gradients of the inputs of the gates, from those of the chunk and `dall`, that of the log decay of all of it.
///
/// G_i enters with q_i and with k_i as reader, -G_i with k_i as writer, so dot products of these with their gradients
/// are the gradient of G_i, and the sum over all later tokens that of g_i. The state after the chunk sees token j
/// through e^{G_C - G_j}, which depends on g_i if j < i: a sum over earlier tokens. The diagonal of the scores does not
/// depend on any decay and is left out. So a term that decay has made small stays exact.
static void delta_backward_gates(long start, long count, float dall, const delta_chunk *c, const delta_gradient *d,
                                 const ck_delta_gradients *to) {
  float from_later = 0, da_log = 0, ddt_bias = 0, from_earlier[64];
  for (long i = 0; i < count; dall += d->state_dots[i++]) from_earlier[i] = dall;
  for (long i = count - 1; i >= 0; i--) {
    from_later += d->q_dots[i] - d->read_dots[i] - d->pair_dots[i];
    const float dg = from_later + from_earlier[i];
    const float da = dg * c->slope[i], db = d->dbeta[i] * c->beta_slope[i];
    da_log += dg * c->g[i];
    ddt_bias += da;
    float *a = to->a + (start + i) * to->lda, *b = to->b + (start + i) * to->ldb;
    *a = to->accumulate_gates ? *a + da : da;
    *b = to->accumulate_gates ? *b + db : db;
  }
  *to->a_log += da_log;
  *to->dt_bias += ddt_bias;
}

static void isa_delta_backward(const ck_delta_head *head, const float *states, const float *errors, const float *dout,
                               long lddo, const ck_delta_gradients *to, float *scratch) {
  delta_chunk c = delta_chunk_in(head, scratch);
  delta_gradient d = delta_gradient_in(&c);
  const long keys = c.keys, values = c.values, state_count = keys * values;
  for (long j = 0; j < state_count; j += W) v_store(d.dstate + j, (vf)0.0f);
  for (long index = (head->time + c.chunk - 1) / c.chunk - 1; index >= 0; index--) {
    const long start = index * c.chunk;
    const long count = head->time - start < c.chunk ? head->time - start : c.chunk, rows = padded(count);
    const float *state = states + index * state_count, *e = errors + start * values;
    delta_prepare(head, start, count, rows, 1, &c);
    scale_rows(rows, values, c.beta, e, d.u);
    block_transpose(rows, values, d.u, values, d.u_transposed, c.chunk);
    load_rows(count, rows, head->value_dimension, dout + start * lddo, lddo, d.dout);
    delta_backward_values(rows, e, &c, &d);
    vf product = 0;
    for (long j = 0; j < state_count; j += W) product = v_load(d.dstate + j) * v_load(state + j) + product;
    const float dall = c.grown[rows - 1] * v_sum(product);
    delta_backward_keys(rows, state, &c, &d);

    row_dots(rows, keys, c.q, d.dq, d.q_dots);
    row_dots(rows, keys, c.k, d.dk_read, d.read_dots);
    row_dots(rows, keys, c.k, d.dk_pair, d.pair_dots);
    row_dots(rows, keys, c.k, d.dk_state, d.state_dots);
    delta_backward_gates(start, count, dall, &c, &d, to);
    for (long i = 0; i < rows; i++) {
      const float diagonal = d.diagonal[i], along = diagonal * c.scores[i * c.chunk + i];
      d.q_dots[i] += along;
      d.pair_dots[i] += d.state_dots[i] - d.read_dots[i] + along;
      for (long j = i * keys; j < (i + 1) * keys; j += W) {
        vf k = v_load(c.k + j), q = v_load(c.q + j);
        v_store(d.dq + j, v_load(d.dq + j) + diagonal * k);
        v_store(d.dk_pair + j, v_load(d.dk_pair + j) + v_load(d.dk_state + j) - v_load(d.dk_read + j) + diagonal * q);
      }
    }
    delta_backward_norm(count, head->key_dimension, 1.0f / sqrtf((float)head->key_dimension), c.q, d.dq, c.q_scale,
                        d.q_dots, to->q + start * to->ldq, to->ldq, to->accumulate_qk);
    delta_backward_norm(count, head->key_dimension, 1, c.k, d.dk_pair, c.k_scale, d.pair_dots,
                        to->k + start * to->ldk, to->ldk, to->accumulate_qk);
    store_rows(count, head->value_dimension, d.dv, to->v + start * to->ldv, to->ldv, to->accumulate_v);
  }
}

/// Some columns of a step: `vectors` whole vectors, or one of which `left` lanes are there. k and q are normalised.
///
/// Everything is read from the old state, S' k and S' q in one pass: o = e^g S' q + (k . q) u.
CK_INLINE void delta_step_columns(const int vectors, long left, const ck_delta_head *head, const float *k,
                                  const float *q, float decay, float beta, float match, const float *v, float *state,
                                  float *out) {
  const long keys = head->key_dimension, values = head->value_dimension;
  vf held[2][4], read[2][4], u[4];
  CK_UNROLL for (int j = 0; j < vectors; j++) held[0][j] = held[1][j] = read[0][j] = read[1][j] = 0;
  // Two sums of each, so that one addition need not wait for the other.
  for (long i = 0; i < keys; i += 2) {
    CK_UNROLL for (int p = 0; p < 2; p++) {
      if (i + p < keys) {
        const float *row = state + (i + p) * values;
        CK_UNROLL for (int j = 0; j < vectors; j++) {
          vf s = left < W ? v_load_partial(row, left) : v_load(row + j * W);
          held[p][j] = k[i + p] * s + held[p][j];
          read[p][j] = q[i + p] * s + read[p][j];
        }
      }
    }
  }
  CK_UNROLL for (int j = 0; j < vectors; j++) {
    vf value = left < W ? v_load_partial(v, left) : v_load(v + j * W);
    u[j] = beta * (value - decay * (held[0][j] + held[1][j]));
    vf o = decay * (read[0][j] + read[1][j]) + match * u[j];
    if (left < W) {
      v_store_partial(out, o, left);
    } else {
      v_store(out + j * W, o);
    }
  }
  for (long i = 0; i < keys; i++) {
    float *row = state + i * values;
    CK_UNROLL for (int j = 0; j < vectors; j++) {
      if (left < W) {
        v_store_partial(row, decay * v_load_partial(row, left) + k[i] * u[j], left);
      } else {
        v_store(row + j * W, decay * v_load(row + j * W) + k[i] * u[j]);
      }
    }
  }
}

static void isa_delta_step(const ck_delta_head *head, float *state, float *out, float *scratch) {
  const long keys = head->key_dimension, values = head->value_dimension;
  float *k = scratch, *q = scratch + keys, k_sum = 0, q_sum = 0, match = 0;
  for (long i = 0; i < keys; i++) {
    k_sum += head->k[i] * head->k[i];
    q_sum += head->q[i] * head->q[i];
  }
  const float k_scale = 1 / sqrtf(k_sum + 1e-6f);
  const float q_scale = 1 / sqrtf(q_sum + 1e-6f) / sqrtf((float)keys);
  for (long i = 0; i < keys; i++) {
    k[i] = head->k[i] * k_scale;
    q[i] = head->q[i] * q_scale;
    match += k[i] * q[i];
  }
  const vf softplus = v_softplus((vf)(*head->a + head->dt_bias)), beta = v_sigmoid((vf)*head->b);
  const float decay = v_exp_nonpositive(-v_exp((vf)head->a_log) * softplus)[0];
  long j = 0;
  for (; j + 2 * W <= values; j += 2 * W)
    delta_step_columns(2, W, head, k, q, decay, beta[0], match, head->v + j, state + j, out + j);
  for (; j + W <= values; j += W)
    delta_step_columns(1, W, head, k, q, decay, beta[0], match, head->v + j, state + j, out + j);
  if (j < values)
    delta_step_columns(1, values - j, head, k, q, decay, beta[0], match, head->v + j, state + j, out + j);
}
