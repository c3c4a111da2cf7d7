// The recurrences with channel-wise decay in chunks, forward and backward. The formulas are in ck_channel.h.
//
// With X the rows that read scaled from the start of the chunk, L the pairs, and u of every write,
//
//   R = X S0;  o = R_q + sum over w of L_qw u_w;  S1 = D S0 + sum over w of y_w u_w', y scaled to the end of the chunk
//   additive: u = v;  delta: (I + L_k) u = v - R_k;  low rank: u_0 = v, (I + L_rw) u_1 = -(R_r + L_rk v)
#pragma once

#pragma STDC FP_CONTRACT ON

/// Everything of a chunk that does not depend on the state.
CK_INLINE void channel_prepare(const int rule, const ck_channel_head *head, long start, long count, long rows,
                               channel_chunk *c) {
  const int reads = rule == CK_CHANNEL_ADDITIVE ? 1 : 2, writes = rule == CK_CHANNEL_LOW_RANK ? 2 : 1;
  channel_load(rule, head, start, count, rows, c);
  channel_scale_reads(rule, head->scale, rows, c);
  channel_scale_writes(writes, rows, c);
  channel_pairs(reads, writes, head->scale, rows, c);
}

/// state = the decays of the chunk times the state before it.
static void channel_decay_state(const float *all, long keys, long values, const float *from, float *state) {
  for (long i = 0; i < keys; i++) {
    const vf by = all[i];
    for (long j = i * values; j < (i + 1) * values; j += W) v_store(state + j, by * v_load(from + j));
  }
}

CK_INLINE void channel_forward(const int rule, const ck_channel_head *head, float *out, long ldo, int keep,
                               float *states, float *solutions, float *scratch) {
  const int reads = rule == CK_CHANNEL_ADDITIVE ? 1 : 2, writes = rule == CK_CHANNEL_LOW_RANK ? 2 : 1;
  channel_chunk c = channel_chunk_in(head, scratch);
  const long keys = c.keys, values = c.values, chunk = c.chunk, time = head->shape.time;
  float *read = take(&c.free, reads * chunk * values);
  float *own[2] = {take(&c.free, chunk * values), take(&c.free, chunk * values)};
  float *state = states;
  for (long start = 0; start < time; start += chunk) {
    const long count = time - start < chunk ? time - start : chunk, rows = padded(count);
    channel_prepare(rule, head, start, count, rows, &c);
    block_product(0, rows * reads, values, keys, 1, c.x_chunk, keys, state, values, 0, read, values);

    float *u[2] = {own[0], own[1]};
    if (keep && rule != CK_CHANNEL_ADDITIVE) u[writes - 1] = solutions + start * values;
    load_rows(count, rows, head->shape.value_dimension, head->v + start * head->ldv, head->ldv, u[0]);
    if (rule != CK_CHANNEL_ADDITIVE) {
      float *solved = u[writes - 1];
      for (long i = 0; i < rows; i++) {
        for (long j = 0; j < values; j += W) {
          vf from = v_load(read + (2 * i + 1) * values + j);
          v_store(solved + i * values + j, writes > 1 ? -from : v_load(solved + i * values + j) - from);
        }
      }
      const long second = chunk;
      if (writes > 1)
        lower_times(rows, values, -1, c.pairs[0] + second, 2 * chunk, u[0], values, 1, solved, values);
      delta_solve(0, rows, values, c.pairs[writes - 1] + second, 2 * chunk, solved);
    }

    for (int w = 0; w < writes; w++)
      lower_times(rows, values, 1, c.pairs[w], reads * chunk, u[w], values, 1, read, reads * values);
    if (reads == 1) {
      store_rows(count, head->shape.value_dimension, read, out + start * ldo, ldo, 0);
    } else {
      for (long i = 0; i < count; i++)
        store_rows(1, head->shape.value_dimension, read + 2 * i * values, out + (start + i) * ldo, ldo, 0);
    }

    float *next = keep ? state + keys * values : state;
    channel_decay_state(c.all, keys, values, state, next);
    for (int w = 0; w < writes; w++)
      block_product(1, keys, values, rows, 1, c.y_chunk[w], keys, u[w], values, 1, next, values);
    state = next;
  }
}

/// What the backward pass of a chunk needs besides a channel_chunk.
typedef struct {
  float *u[2];              // [chunk, values]
  float *u_transposed;      // [values, chunk]
  float *dread;             // [chunk * reads, values]: the gradient of what rows read
  float *du[2];             // [chunk, values]
  float *dx;                // [chunk * reads, keys]: of the rows that read, as pairs see it
  float *dx_chunk;          // [chunk * reads, keys]: as the state before the chunk does, scaled as they are
  float *dy[2], *dy_chunk[2];  // [chunk, keys]: of the rows that write, as pairs and as the state after the chunk do
  float *dg;                // [chunk, keys]
  float *dstate, *transposed;  // [keys, values], and a state transposed
  float *dall;              // [keys]
  float *own[2];            // [chunk]: the gradient of what q reads of its own token
  float *dbeta;             // [chunk]
} channel_gradient;

static channel_gradient channel_gradient_in(channel_chunk *c) {
  channel_gradient d;
  const long of_keys = c->chunk * c->keys, of_values = c->chunk * c->values;
  d.u_transposed = take(&c->free, of_values);
  d.dread = take(&c->free, of_values * c->reads);
  d.dx = take(&c->free, of_keys * c->reads);
  d.dx_chunk = take(&c->free, of_keys * c->reads);
  d.dg = take(&c->free, of_keys);
  d.dstate = take(&c->free, c->keys * c->values);
  d.transposed = take(&c->free, c->keys * c->values);
  d.dall = take(&c->free, c->keys);
  d.dbeta = take(&c->free, c->chunk);
  for (int w = 0; w < c->writes; w++) {
    d.u[w] = take(&c->free, of_values);
    d.du[w] = take(&c->free, of_values);
    d.dy[w] = take(&c->free, of_keys);
    d.dy_chunk[w] = take(&c->free, of_keys);
    d.own[w] = take(&c->free, c->chunk);
  }
  return d;
}

/// The gradients of v and of what rows read, from that of the outputs in the rows of q; then those of the pairs, in
/// place of the pairs.
CK_INLINE void channel_backward_values(const int rule, long rows, channel_chunk *c, channel_gradient *d) {
  const int reads = rule == CK_CHANNEL_ADDITIVE ? 1 : 2, writes = rule == CK_CHANNEL_LOW_RANK ? 2 : 1;
  const long keys = c->keys, values = c->values, chunk = c->chunk, second = chunk;
  for (int w = 0; w < writes; w++) {
    block_product(0, rows, values, keys, 1, c->y_chunk[w], keys, d->dstate, values, 0, d->du[w], values);
    lower_transposed_times(rows, values, 1, c->pairs[w], reads * chunk, d->dread, reads * values, 1, d->du[w], values);
  }
  if (rule != CK_CHANNEL_ADDITIVE) {
    float *solved = d->du[writes - 1];
    delta_solve(1, rows, values, c->pairs[writes - 1] + second, 2 * chunk, solved);
    for (long i = 0; i < rows; i++) {
      for (long j = 0; j < values; j += W)
        v_store(d->dread + (2 * i + 1) * values + j, -v_load(solved + i * values + j));
    }
    if (writes > 1)
      lower_transposed_times(rows, values, -1, c->pairs[0] + second, 2 * chunk, solved, values, 1, d->du[0], values);
  }
  for (int w = 0; w < writes; w++) {
    float *pairs = c->pairs[w];
    block_transpose(rows, values, d->u[w], values, d->u_transposed, chunk);
    for (long i = 0; i < rows; i += CK_PAD) {
      block_product(0, CK_PAD * reads, i + CK_PAD, values, 1, d->dread + i * reads * values, values, d->u_transposed,
                    chunk, 0, pairs + i * reads * chunk, chunk);
    }
    for (long i = 0; i < rows; i++) {
      d->own[w][i] = pairs[i * reads * chunk + i];
      const long block = i / CK_PAD * CK_PAD;
      for (int s = 0; s < reads; s++) {
        float *row = pairs + (i * reads + s) * chunk + block;
        for (long j = 0; j < CK_PAD; j += W) v_store(row + j, v_keep(v_load(row + j), i - block, j));
      }
    }
  }
}

/// The gradients that go through the states before and after the chunk, and that of the state before it.
CK_INLINE void channel_backward_states(const int rule, long rows, const float *state, channel_chunk *c,
                                       channel_gradient *d) {
  const int reads = rule == CK_CHANNEL_ADDITIVE ? 1 : 2, writes = rule == CK_CHANNEL_LOW_RANK ? 2 : 1;
  const long keys = c->keys, values = c->values;
  row_dots(keys, values, state, d->dstate, d->dall);
  for (long j = 0; j < keys; j += W) v_store(d->dall + j, v_load(d->dall + j) * v_load(c->all + j));
  block_transpose(keys, values, d->dstate, values, d->transposed, keys);
  for (int w = 0; w < writes; w++)
    block_product(0, rows, keys, values, 1, d->u[w], values, d->transposed, keys, 0, d->dy_chunk[w], keys);
  block_transpose(keys, values, state, values, d->transposed, keys);
  block_product(0, rows * reads, keys, values, 1, d->dread, values, d->transposed, keys, 0, d->dx_chunk, keys);
  channel_decay_state(c->all, keys, values, d->dstate, d->dstate);
  block_product(1, keys, values, rows * reads, 1, c->x_chunk, keys, d->dread, values, 1, d->dstate, values);
}

/// The gradients of the log decays, and those of x and y in all: dx and dy, scaled as x and y are.
///
/// What row i reads of token j <= i depends on the decays after j up to i, so that a row times its gradient counts for
/// its own decay and the earlier ones (if it reads after the decay), and what is written for the later ones: as minus its
/// own and the earlier ones where tokens of the chunk read it, and as a sum over earlier tokens where the next state
/// does. What q reads of its own token depends on no decay and is left out: so a small gradient stays exact.
CK_INLINE void channel_backward_decays(const int rule, long rows, channel_chunk *c, channel_gradient *d) {
  const int reads = rule == CK_CHANNEL_ADDITIVE ? 1 : 2, writes = rule == CK_CHANNEL_LOW_RANK ? 2 : 1;
  const long keys = c->keys;
  for (long j = 0; j < keys; j += W) {
    vf from_earlier = v_load(d->dall + j);
    for (long i = 0; i < rows; i++) {
      const long at = i * keys + j;
      const vf scale = v_load(c->after + at) * v_load(c->later + i / CK_PAD * keys + j);
      v_store(d->dg + at, from_earlier);
      CK_UNROLL for (int w = 0; w < writes; w++) {
        vf dy = v_load(d->dy_chunk[w] + at) * scale;
        from_earlier = v_load(c->y[w] + at) * dy + from_earlier;
        v_store(d->dy_chunk[w] + at, dy);
      }
    }
    vf from_later = 0;
    for (long i = rows - 1; i >= 0; i--) {
      const long at = i * keys + j, row = i * reads * keys + j;
      const vf scale = v_load(c->before + at) * v_load(c->earlier + i / CK_PAD * keys + j);
      vf exclusive = 0;
      CK_UNROLL for (int s = 0; s < reads; s++) {
        vf dx = v_load(d->dx_chunk + row + s * keys) * scale + v_load(d->dx + row + s * keys);
        vf along = v_load(c->x + row + s * keys) * dx;
        if (rule == CK_CHANNEL_LOW_RANK && s == 1) {
          exclusive = along;
        } else {
          from_later += along;
        }
        v_store(d->dx + row + s * keys, dx);
      }
      CK_UNROLL for (int w = 0; w < writes; w++) {
        vf dy = v_load(d->dy[w] + at);
        from_later = from_later - v_load(c->y[w] + at) * dy;
        v_store(d->dy[w] + at, dy + v_load(d->dy_chunk[w] + at));
      }
      v_store(d->dg + at, v_load(d->dg + at) + from_later);
      from_later += exclusive;
    }
  }
}

/// The gradients of the inputs from those of x and y. Rows of one gradient are put together where dx_chunk was.
CK_INLINE void channel_backward_inputs(const int rule, const ck_channel_head *head, long start, long count, long rows,
                                       channel_chunk *c, channel_gradient *d, const ck_channel_gradients *to) {
  const int reads = rule == CK_CHANNEL_ADDITIVE ? 1 : 2, writes = rule == CK_CHANNEL_LOW_RANK ? 2 : 1;
  const long keys = c->keys, width = head->shape.key_dimension;
  float *dq = d->dx_chunk, *other = d->dx_chunk + (reads - 1) * rows * keys;
  for (long i = 0; i < rows; i++) {
    for (long j = 0; j < keys; j += W) {
      const long at = i * keys + j, row = i * reads * keys + j;
      const vf decay = v_load(c->decay + at), q = v_load(c->q + at) * head->scale;
      vf sum = v_load(d->dx + row) * decay;
      CK_UNROLL for (int w = 0; w < writes; w++) {
        sum = v_load(c->y[w] + at) * d->own[w][i] + sum;
        v_store(d->dy[w] + at, q * d->own[w][i] + v_load(d->dy[w] + at));
      }
      v_store(dq + at, sum * head->scale);
      if (rule == CK_CHANNEL_LOW_RANK) v_store(other + at, v_load(d->dx + row + keys));
    }
  }
  if (rule == CK_CHANNEL_DELTA) {
    row_dots(rows, keys, c->k, d->dy[0], d->dbeta);
    for (long i = 0; i < rows; i++) {
      const vf beta = c->beta[i];
      for (long j = 0; j < keys; j += W) {
        const long at = i * keys + j;
        v_store(d->dy[0] + at, v_load(d->dx + 2 * i * keys + keys + j) * v_load(c->decay + at) +
                                   beta * v_load(d->dy[0] + at));
      }
    }
    for (long i = 0; i < count; i++) {
      float *beta = to->beta + (start + i) * to->ldb;
      *beta = to->accumulate & CK_CHANNEL_ADDS_BETA ? *beta + d->dbeta[i] : d->dbeta[i];
    }
  }
  store_rows(count, width, dq, to->q + start * to->ldq, to->ldq,
             to->accumulate & CK_CHANNEL_ADDS_Q);
  store_rows(count, width, d->dy[0], to->k + start * to->ldk, to->ldk,
             to->accumulate & CK_CHANNEL_ADDS_K);
  store_rows(count, head->shape.value_dimension, d->du[0], to->v + start * to->ldv, to->ldv,
             to->accumulate & CK_CHANNEL_ADDS_V);
  store_rows(count, width, d->dg, to->g + start * to->ldg, to->ldg, to->accumulate & CK_CHANNEL_ADDS_G);
  if (rule == CK_CHANNEL_LOW_RANK) {
    store_rows(count, width, other, to->r + start * to->ldr, to->ldr, to->accumulate & CK_CHANNEL_ADDS_R);
    store_rows(count, width, d->dy[1], to->w + start * to->ldw, to->ldw, to->accumulate & CK_CHANNEL_ADDS_W);
  }
}

CK_INLINE void channel_backward(const int rule, const ck_channel_head *head, const float *states,
                                const float *solutions, const float *dout, long lddo, const ck_channel_gradients *to,
                                float *scratch) {
  const int reads = rule == CK_CHANNEL_ADDITIVE ? 1 : 2, writes = rule == CK_CHANNEL_LOW_RANK ? 2 : 1;
  channel_chunk c = channel_chunk_in(head, scratch);
  channel_gradient d = channel_gradient_in(&c);
  const long values = c.values, state_count = c.keys * values, time = head->shape.time;
  const long width = head->shape.value_dimension;
  memset(d.dstate, 0, sizeof(float) * (size_t)state_count);
  for (long index = (time + c.chunk - 1) / c.chunk - 1; index >= 0; index--) {
    const long start = index * c.chunk;
    const long count = time - start < c.chunk ? time - start : c.chunk, rows = padded(count);
    const float *state = states + index * state_count;
    channel_prepare(rule, head, start, count, rows, &c);
    if (rule != CK_CHANNEL_DELTA) load_rows(count, rows, width, head->v + start * head->ldv, head->ldv, d.u[0]);
    if (rule != CK_CHANNEL_ADDITIVE)
      memcpy(d.u[writes - 1], solutions + start * values, sizeof(float) * (size_t)(rows * values));
    for (long i = 0; i < rows; i++)
      load_rows(i < count, 1, width, dout + (start + i) * lddo, lddo, d.dread + i * reads * values);
    channel_backward_values(rule, rows, &c, &d);
    channel_backward_states(rule, rows, state, &c, &d);
    channel_pairs_backward(reads, writes, rows, c.pairs, &c, d.dx, d.dy);
    channel_backward_decays(rule, rows, &c, &d);
    channel_backward_inputs(rule, head, start, count, rows, &c, &d, to);
  }
}

static void isa_channel_forward(const ck_channel_head *head, float *out, long ldo, int keep, float *states,
                                float *solutions, float *scratch) {
  if (head->shape.rule == CK_CHANNEL_ADDITIVE)
    return channel_forward(CK_CHANNEL_ADDITIVE, head, out, ldo, keep, states, solutions, scratch);
  if (head->shape.rule == CK_CHANNEL_DELTA)
    return channel_forward(CK_CHANNEL_DELTA, head, out, ldo, keep, states, solutions, scratch);
  channel_forward(CK_CHANNEL_LOW_RANK, head, out, ldo, keep, states, solutions, scratch);
}

static void isa_channel_backward(const ck_channel_head *head, const float *states, const float *solutions,
                                 const float *dout, long lddo, const ck_channel_gradients *to, float *scratch) {
  if (head->shape.rule == CK_CHANNEL_ADDITIVE)
    return channel_backward(CK_CHANNEL_ADDITIVE, head, states, solutions, dout, lddo, to, scratch);
  if (head->shape.rule == CK_CHANNEL_DELTA)
    return channel_backward(CK_CHANNEL_DELTA, head, states, solutions, dout, lddo, to, scratch);
  channel_backward(CK_CHANNEL_LOW_RANK, head, states, solutions, dout, lddo, to, scratch);
}
