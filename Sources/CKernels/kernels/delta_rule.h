// The gated delta rule in chunks, forward and backward, and one step of it. The formulas are in ck_delta.h.
#pragma once

#pragma STDC FP_CONTRACT ON

/// x = e^G (y S) for rows of queries or keys.
static void delta_read(long rows, const float *y, const float *state, const float *grown, const delta_chunk *c,
                       float *x) {
  block_product(0, rows, c->values, c->keys, 1, y, c->keys, state, c->values, 0, x, c->values);
  if (c->decays) scale_rows(rows, c->values, grown, x, x);
}

static void isa_delta_forward(const ck_delta_head *head, float *out, long ldo, float *states, float *errors,
                              float *scratch) {
  delta_chunk c = delta_chunk_in(head, scratch);
  const long state_count = c.keys * c.values, time = head->shape.time, width = head->shape.value_dimension;
  float *held = take(&c.free, c.rows * c.values);
  float *u = take(&c.free, c.rows * c.values), *o = take(&c.free, c.rows * c.values);
  float *state = states;
  for (long start = 0; start < time; start += c.tokens) {
    const long count = time - start < c.tokens ? time - start : c.tokens;
    const long rows = padded(count * c.steps), queries = padded(count);
    delta_prepare(head, start, count, rows, 0, &c);

    // e = v - e^G (k S), then the solve.
    float *e = errors ? errors + start * c.steps * c.values : held;
    load_steps(count, c.steps, rows, width, head->v + start * head->ldv, head->ldv, head->v_step, e);
    block_product(0, rows, c.values, c.keys, 1, c.k, c.keys, state, c.values, 0, o, c.values);
    for (long i = 0; i < rows; i++) {
      vf grown = c.decays ? c.grown[i] : 1.0f;
      for (long j = i * c.values; j < (i + 1) * c.values; j += W) v_store(e + j, v_load(e + j) - grown * v_load(o + j));
    }
    delta_solve(0, rows, c.values, c.overlap, c.rows, e);
    scale_rows(rows, c.values, c.beta, e, u);

    // o = e^G (q S) + scores u.
    delta_read(queries, c.q, state, c.grown_read, &c, o);
    delta_scores_times(queries, rows, c.values, c.scores, u, 1, &c, o);
    store_rows(count, width, o, out + start * ldo, ldo, 0);

    // S = e^{G_C} S + k' (e^{G_C - G} u).
    float *next = errors ? state + state_count : state;
    vf grown = c.decays ? c.grown[rows - 1] : 1.0f;
    if (c.decays || next != state)
      for (long j = 0; j < state_count; j += W) v_store(next + j, grown * v_load(state + j));
    if (c.decays) scale_rows(rows, c.values, c.left, u, u);
    block_product(1, c.keys, c.values, rows, 1, c.k, c.keys, u, c.values, 1, next, c.values);
    state = next;
  }
}

/// What the backward pass of a chunk needs besides a delta_chunk. Rows are `keys` or `values` floats.
typedef struct {
  float *u, *u_transposed;      // [rows, values], [values, rows]
  float *dout;                  // [tokens, values]
  float *dv;                    // [rows, values]
  float *scaled;                // [rows, values]: either, times e^G
  float *dq;                    // [tokens, keys]
  float *dk_read;               // [rows, keys]: minus the gradient of keys that read the state and earlier keys
  float *dk_pair, *dk_state;    // [rows, keys]: of keys as later tokens, and as the next state, see them
  float *dscores, *doverlap;    // [tokens, rows], [rows, rows]: before the decay, without pairs within a token
  float *own_scores;            // [rows]: the gradient of q . k for the query of the row's token
  float *own_overlap;           // [steps, rows]: of k . k for an earlier step of the row's token
  float *dstate, *transposed;   // [keys, values], and a state transposed
  float *q_dots;                // [tokens]
  float *dbeta, *read_dots, *pair_dots, *state_dots, *from_earlier;  // [rows]
} delta_gradient;

static delta_gradient delta_gradient_in(delta_chunk *c) {
  delta_gradient d;
  float **rows_of_values[] = {&d.u, &d.u_transposed, &d.dv, &d.scaled};
  for (int i = 0; i < 4; i++) *rows_of_values[i] = take(&c->free, c->rows * c->values);
  float **rows_of_keys[] = {&d.dk_read, &d.dk_pair, &d.dk_state};
  for (int i = 0; i < 3; i++) *rows_of_keys[i] = take(&c->free, c->rows * c->keys);
  float **numbers[] = {&d.dbeta, &d.read_dots, &d.pair_dots, &d.state_dots, &d.from_earlier, &d.own_scores};
  for (int i = 0; i < 6; i++) *numbers[i] = take(&c->free, c->rows);
  d.dout = take(&c->free, c->tokens * c->values);
  d.dq = take(&c->free, c->tokens * c->keys);
  d.own_overlap = take(&c->free, c->steps * c->rows);
  d.q_dots = take(&c->free, c->tokens);
  d.dscores = take(&c->free, c->tokens * c->rows);
  memset(d.dscores, 0, sizeof(float) * (size_t)(c->tokens * c->rows));
  d.doverlap = take_square(&c->free, c->rows);
  d.dstate = take(&c->free, c->keys * c->values);
  d.transposed = take(&c->free, c->keys * c->values);
  return d;
}

/// Takes the pairs within a token out of the gradients of scores and overlaps: no decay is between them.
static void delta_take_own(long queries, long rows, const delta_chunk *c, delta_gradient *d) {
  const long steps = c->steps;
  for (long i = 0; i < queries; i++) {
    for (long s = 0; s < steps && i * steps + s < rows; s++) {
      const long row = i * steps + s;
      float *score = d->dscores + i * c->rows + row, *overlap = d->doverlap + row * c->rows + i * steps;
      d->own_scores[row] = *score;
      *score = 0;
      for (long earlier = 0; earlier < s; earlier++) d->own_overlap[earlier * c->rows + row] = overlap[earlier];
      for (long earlier = 0; earlier <= s; earlier++) overlap[earlier] = 0;
    }
  }
}

/// The gradients of v and beta, and of the scores and overlaps.
static void delta_backward_values(long queries, long rows, const float *e, delta_chunk *c, delta_gradient *d) {
  const long keys = c->keys, values = c->values;
  // du = scores' do + e^{G_C - G} (k dS); the transposed solve makes it that of the right-hand side beta (v - ...).
  block_product(0, rows, values, keys, 1, c->k, keys, d->dstate, values, 0, d->dv, values);
  if (c->decays) scale_rows(rows, values, c->left, d->dv, d->dv);
  delta_scores_transposed_times(queries, rows, values, c->scores, d->dout, 1, c, d->dv);
  delta_solve(1, rows, values, c->overlap, c->rows, d->dv);
  row_dots(rows, values, d->dv, e, d->dbeta);
  scale_rows(rows, values, c->beta, d->dv, d->dv);

  delta_scores(queries, rows, values, d->dout, d->u_transposed, c, d->dscores);
  lower_product(rows, values, d->dv, values, d->u_transposed, c->rows, d->doverlap, c->rows);
  delta_scores_decay(queries, rows, c, d->dscores);
  lower_multiply(rows, c->rows, d->doverlap, c->decay);
  delta_take_own(queries, rows, c, d);
}

/// The rows times e^G, in `scaled`; themselves without decay.
static const float *delta_grown_rows(long rows, const float *grown, const float *x, const delta_chunk *c,
                                     delta_gradient *d) {
  if (!c->decays) return x;
  scale_rows(rows, c->values, grown, x, d->scaled);
  return d->scaled;
}

/// The gradients of normalised queries and keys, but for pairs within a token, and that of the state before the chunk.
static void delta_backward_keys(long queries, long rows, const float *state, delta_chunk *c, delta_gradient *d) {
  const long keys = c->keys, values = c->values;
  block_transpose(keys, values, d->dstate, values, d->transposed, keys);
  if (c->decays) scale_rows(rows, values, c->left, d->u, d->u);
  block_product(0, rows, keys, values, 1, d->u, values, d->transposed, keys, 0, d->dk_state, keys);
  delta_scores_transposed_times(queries, rows, keys, d->dscores, c->q, 0, c, d->dk_pair);
  lower_transposed_times(rows, keys, -1, d->doverlap, c->rows, c->k, keys, 1, d->dk_pair, keys);

  // dq = dscores k + e^G do S', and dS = e^{G_C} dS + q' (e^G do) - k' (e^G dv).
  if (c->decays) {
    vf all = c->grown[rows - 1];
    for (long j = 0; j < keys * values; j += W) v_store(d->dstate + j, all * v_load(d->dstate + j));
  }
  block_transpose(keys, values, state, values, d->transposed, keys);
  const float *scaled = delta_grown_rows(queries, c->grown_read, d->dout, c, d);
  block_product(0, queries, keys, values, 1, scaled, values, d->transposed, keys, 0, d->dq, keys);
  delta_scores_times(queries, rows, keys, d->dscores, c->k, 1, c, d->dq);
  block_product(1, keys, values, queries, 1, c->q, keys, scaled, values, 1, d->dstate, values);

  scaled = delta_grown_rows(rows, c->grown, d->dv, c, d);
  block_product(0, rows, keys, values, 1, scaled, values, d->transposed, keys, 0, d->dk_read, keys);
  lower_times(rows, keys, 1, d->doverlap, c->rows, c->k, keys, 1, d->dk_read, keys);
  block_product(1, keys, values, rows, -1, c->k, keys, scaled, values, 1, d->dstate, values);
}

/// The gradient of raw rows, in place, where x = scale * factor * raw is normalised: scale * factor * (dx - x (x . dx) /
/// factor^2).
static void delta_backward_norm(long rows, long width, float factor, const float *x, float *dx, const float *scale,
                                const float *dots) {
  for (long i = 0; i < rows; i++) {
    vf by = scale[i] * factor, along = dots[i] / (factor * factor);
    for (long j = i * width; j < (i + 1) * width; j += W)
      v_store(dx + j, by * (v_load(dx + j) - along * v_load(x + j)));
  }
}

/// The gradients of the inputs of beta.
static void delta_backward_betas(long start, long count, const delta_chunk *c, const delta_gradient *d,
                                 const ck_delta_gradients *to) {
  for (long i = 0; i < count; i++) {
    for (long s = 0; s < c->steps; s++) {
      const float db = d->dbeta[i * c->steps + s] * c->beta_slope[i * c->steps + s];
      float *b = to->b + (start + i) * to->ldb + s * to->b_step;
      *b = to->accumulate_gates ? *b + db : db;
    }
  }
}

/// The gradients of the inputs of the decays, from those of the chunk and `dall`, that of the log decay of all of it.
///
/// G_i enters with q_i and with k_i as reader, -G_i with k_i as writer, so dot products of these with their gradients
/// are the gradient of G_i, and the sum over all later rows that of g_i. The state after the chunk sees row j through
/// e^{G_C - G_j}, which depends on g_i if j < i: a sum over earlier rows. Pairs within a token do not depend on any decay
/// and are left out. So a term that decay has made small stays exact.
static void delta_backward_decays(long start, long count, float dall, const delta_chunk *c, const delta_gradient *d,
                                  const ck_delta_gradients *to) {
  float from_later = 0, da_log = 0, ddt_bias = 0;
  for (long i = 0; i < count * c->steps; dall += d->state_dots[i++]) d->from_earlier[i] = dall;
  for (long token = count - 1; token >= 0; token--) {
    const long first = token * c->steps;
    from_later += d->q_dots[token];
    for (long i = first + c->steps - 1; i >= first; i--) from_later -= d->read_dots[i] + d->pair_dots[i];
    const float dg = from_later + d->from_earlier[first], da = dg * c->slope[first];
    da_log += dg * c->g[first];
    ddt_bias += da;
    float *a = to->a + (start + token) * to->lda;
    *a = to->accumulate_gates ? *a + da : da;
  }
  *to->a_log += da_log;
  *to->dt_bias += ddt_bias;
}

/// Adds what pairs within a token give to the gradients of normalised queries and keys, and to their dot products.
static void delta_backward_own(long queries, long rows, delta_chunk *c, delta_gradient *d) {
  const long keys = c->keys, steps = c->steps;
  for (long i = 0; i < queries; i++) {
    float *q = c->q + i * keys, *dq = d->dq + i * keys;
    for (long s = 0; s < steps && i * steps + s < rows; s++) {
      const long row = i * steps + s;
      const float own = d->own_scores[row], along = own * c->scores[i * c->rows + row];
      float *k = c->k + row * keys, *dk = d->dk_pair + row * keys;
      d->q_dots[i] += along;
      d->pair_dots[row] += along;
      for (long j = 0; j < keys; j += W) {
        v_store(dq + j, v_load(dq + j) + own * v_load(k + j));
        v_store(dk + j, v_load(dk + j) + own * v_load(q + j));
      }
      for (long earlier = 1; earlier <= s; earlier++) {
        const float pair = d->own_overlap[(s - earlier) * c->rows + row];
        float *before = k - earlier * keys, *dbefore = dk - earlier * keys;
        vf product = 0;
        for (long j = 0; j < keys; j += W) {
          vf x = v_load(k + j), y = v_load(before + j);
          product = x * y + product;
          v_store(dk + j, v_load(dk + j) - pair * y);
          v_store(dbefore + j, v_load(dbefore + j) - pair * x);
        }
        d->pair_dots[row] -= pair * v_sum(product);
        d->pair_dots[row - earlier] -= pair * v_sum(product);
      }
    }
  }
}

/// The gradients of the inputs of a chunk, once those of the normalised queries and keys are there.
static void delta_backward_inputs(const ck_delta_head *head, long start, long count, long queries, long rows,
                                  delta_chunk *c, delta_gradient *d, const ck_delta_gradients *to) {
  const long keys = c->keys, width = head->shape.key_dimension;
  for (long i = 0; i < rows; i++) {
    d->pair_dots[i] += d->state_dots[i] - d->read_dots[i];
    for (long j = i * keys; j < (i + 1) * keys; j += W)
      v_store(d->dk_pair + j, v_load(d->dk_pair + j) + v_load(d->dk_state + j) - v_load(d->dk_read + j));
  }
  delta_backward_own(queries, rows, c, d);
  delta_backward_norm(queries, keys, 1.0f / sqrtf((float)width), c->q, d->dq, c->q_scale, d->q_dots);
  delta_backward_norm(rows, keys, 1, c->k, d->dk_pair, c->k_scale, d->pair_dots);
  store_rows(count, width, d->dq, to->q + start * to->ldq, to->ldq, to->accumulate_qk);
  store_steps(count, c->steps, width, d->dk_pair, to->k + start * to->ldk, to->ldk, to->k_step, to->accumulate_qk);
  store_steps(count, c->steps, head->shape.value_dimension, d->dv, to->v + start * to->ldv, to->ldv, to->v_step,
              to->accumulate_v);
}

static void isa_delta_backward(const ck_delta_head *head, const float *states, const float *errors, const float *dout,
                               long lddo, const ck_delta_gradients *to, float *scratch) {
  delta_chunk c = delta_chunk_in(head, scratch);
  delta_gradient d = delta_gradient_in(&c);
  const long keys = c.keys, values = c.values, state_count = keys * values, time = head->shape.time;
  for (long j = 0; j < state_count; j += W) v_store(d.dstate + j, (vf)0.0f);
  for (long index = (time + c.tokens - 1) / c.tokens - 1; index >= 0; index--) {
    const long start = index * c.tokens, count = time - start < c.tokens ? time - start : c.tokens;
    const long rows = padded(count * c.steps), queries = padded(count);
    const float *state = states + index * state_count, *e = errors + start * c.steps * values;
    delta_prepare(head, start, count, rows, 1, &c);
    scale_rows(rows, values, c.beta, e, d.u);
    block_transpose(rows, values, d.u, values, d.u_transposed, c.rows);
    load_rows(count, queries, head->shape.value_dimension, dout + start * lddo, lddo, d.dout);
    delta_backward_values(queries, rows, e, &c, &d);
    float dall = 0;
    if (c.decays) {
      vf product = 0;
      for (long j = 0; j < state_count; j += W) product = v_load(d.dstate + j) * v_load(state + j) + product;
      dall = c.grown[rows - 1] * v_sum(product);
    }
    delta_backward_keys(queries, rows, state, &c, &d);

    row_dots(queries, keys, c.q, d.dq, d.q_dots);
    row_dots(rows, keys, c.k, d.dk_read, d.read_dots);
    row_dots(rows, keys, c.k, d.dk_pair, d.pair_dots);
    row_dots(rows, keys, c.k, d.dk_state, d.state_dots);
    delta_backward_betas(start, count, &c, &d, to);
    if (c.decays) delta_backward_decays(start, count, dall, &c, &d, to);
    delta_backward_inputs(head, start, count, queries, rows, &c, &d, to);
  }
}

/// Some columns of a step: `vectors` whole vectors, or one of which `left` lanes are there. k and q are normalised.
///
/// Everything is taken from the old state, S' k and, if the step is `reading`, S' q in one pass: o = e^g S' q + (k . q) u.
CK_INLINE void delta_step_columns(const int vectors, const int reading, long left, const ck_delta_head *head,
                                  const float *k, const float *q, float decay, float beta, float match,
                                  const float *v, float *state, float *out) {
  const long keys = head->shape.key_dimension, values = head->shape.value_dimension;
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
          if (reading) read[p][j] = q[i + p] * s + read[p][j];
        }
      }
    }
  }
  CK_UNROLL for (int j = 0; j < vectors; j++) {
    vf value = left < W ? v_load_partial(v, left) : v_load(v + j * W);
    u[j] = beta * (value - decay * (held[0][j] + held[1][j]));
    vf o = decay * (read[0][j] + read[1][j]) + match * u[j];
    if (reading && left < W) {
      v_store_partial(out, o, left);
    } else if (reading) {
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

/// One step of a token over all columns.
CK_INLINE void delta_step_all(const int reading, const ck_delta_head *head, const float *k, const float *q,
                              float decay, float beta, float match, const float *v, float *state, float *out) {
  const long values = head->shape.value_dimension;
  long j = 0;
  for (; j + 2 * W <= values; j += 2 * W)
    delta_step_columns(2, reading, W, head, k, q, decay, beta, match, v + j, state + j, out + j);
  for (; j + W <= values; j += W)
    delta_step_columns(1, reading, W, head, k, q, decay, beta, match, v + j, state + j, out + j);
  if (j < values)
    delta_step_columns(1, reading, values - j, head, k, q, decay, beta, match, v + j, state + j, out + j);
}

static void isa_delta_step(const ck_delta_head *head, float *state, float *out, float *scratch) {
  const long keys = head->shape.key_dimension, steps = head->shape.steps;
  float *k = scratch, *q = scratch + keys, decay = 1;
  const float q_scale = 1 / sqrtf(row_dot(head->q, head->q, keys) + 1e-6f) / sqrtf((float)keys);
  for (long i = 0; i < keys; i++) q[i] = head->q[i] * q_scale;
  if (head->a) {
    const vf softplus = v_softplus((vf)(*head->a + head->dt_bias));
    decay = v_exp_nonpositive(-v_exp((vf)head->a_log) * softplus)[0];
  }
  for (long step = 0; step < steps; step++, decay = 1) {
    const float *raw = head->k + step * head->k_step, *v = head->v + step * head->v_step;
    const float k_scale = 1 / sqrtf(row_dot(raw, raw, keys) + 1e-6f);
    for (long i = 0; i < keys; i++) k[i] = raw[i] * k_scale;
    const float beta = v_sigmoid((vf)head->b[step * head->b_step])[0] * head->beta_scale;
    if (step == steps - 1) {
      delta_step_all(1, head, k, q, decay, beta, row_dot(k, q, keys), v, state, out);
    } else {
      delta_step_all(0, head, k, q, decay, beta, 0, v, state, out);
    }
  }
}
