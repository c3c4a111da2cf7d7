// Lightning attention in chunks, forward and backward, and one step of it. The formulas are in ck_lightning.h.
#pragma once

#pragma STDC FP_CONTRACT ON

/// The matrices of a chunk, in scratch. Rows are `width` floats, the padded head dimension; squares `chunk`.
typedef struct {
  long chunk, width;
  float *q, *k, *v;    // [chunk, width]
  float *transposed;   // [width, chunk]
  float *scores;       // [chunk, chunk]: (q_i . k_j) decay
  float *decay;        // [chunk, chunk]: lambda^{i-j} for j <= i, 0 above in the blocks of the diagonal
  float *grown;        // [chunk]: lambda^{i+1}
  float *left;         // [chunk]: lambda^{C-1-i}, for the tokens of the chunk at hand
  float *free;         // What is left.
} lightning_chunk;

static lightning_chunk lightning_chunk_in(const ck_lightning_head *head, float *scratch) {
  lightning_chunk c = {.free = scratch};
  c.chunk = ck_lightning_chunk(head->head_dimension);
  c.width = padded(head->head_dimension);
  c.q = take(&c.free, c.chunk * c.width);
  c.k = take(&c.free, c.chunk * c.width);
  c.v = take(&c.free, c.chunk * c.width);
  c.transposed = take(&c.free, c.chunk * c.width);
  c.scores = take_square(&c.free, c.chunk);
  c.decay = take_square(&c.free, c.chunk);
  c.grown = take(&c.free, c.chunk);
  c.left = take(&c.free, c.chunk);
  // All powers from their exponents, so that none carries the error of another.
  for (long i = 0; i < c.chunk; i++) c.left[i] = (float)(i + 1) * -head->slope;
  for (long i = 0; i < c.chunk; i += W) v_store(c.grown + i, v_exp_nonpositive(v_load(c.left + i)));
  for (long i = 0; i < c.chunk; i++) {
    float *row = c.decay + i * c.chunk;
    for (long j = 0; j < padded(i + 1); j++) row[j] = j > i ? 0.0f : i == j ? 1.0f : c.grown[i - j - 1];
  }
  return c;
}

/// Loads a chunk; tokens past the end are zero, so they neither write nor are read.
static void lightning_load(const ck_lightning_head *head, long start, long count, lightning_chunk *c) {
  const long rows = padded(count), offset = start * head->ld;
  load_rows(count, rows, head->head_dimension, head->q + offset, head->ld, c->q);
  load_rows(count, rows, head->head_dimension, head->k + offset, head->ld, c->k);
  load_rows(count, rows, head->head_dimension, head->v + offset, head->ld, c->v);
  for (long i = 0; i < rows; i++) c->left[i] = i >= count ? 0.0f : i == count - 1 ? 1.0f : c->grown[count - 2 - i];
  block_transpose(rows, c->width, c->k, c->width, c->transposed, c->chunk);
  lower_product(rows, c->width, c->q, c->width, c->transposed, c->chunk, c->scores, c->chunk);
  lower_multiply(rows, c->chunk, c->scores, c->decay);
}

static void isa_lightning_forward(const ck_lightning_head *head, float *out, long ldo, float *states, int keep,
                                  float *scratch) {
  lightning_chunk c = lightning_chunk_in(head, scratch);
  const long d = c.width, state_count = d * d;
  float *o = take(&c.free, c.chunk * d), *state = states;
  for (long start = 0; start < head->time; start += c.chunk) {
    const long count = head->time - start < c.chunk ? head->time - start : c.chunk, rows = padded(count);
    lightning_load(head, start, count, &c);
    block_product(0, rows, d, d, 1, c.q, d, state, d, 0, o, d);
    scale_rows(rows, d, c.grown, o, o);
    lower_times(rows, d, 1, c.scores, c.chunk, c.v, d, 1, o, d);
    store_rows(count, head->head_dimension, o, out + start * ldo, ldo, 0);

    float *next = keep ? state + state_count : state;
    vf all = c.grown[count - 1];
    for (long j = 0; j < state_count; j += W) v_store(next + j, all * v_load(state + j));
    scale_rows(rows, d, c.left, c.v, c.v);
    block_product(1, d, d, rows, 1, c.k, d, c.v, d, 1, next, d);
    state = next;
  }
}

static void isa_lightning_backward(const ck_lightning_head *head, const float *states, const float *dout, long lddo,
                                   float *dq, float *dk, float *dv, long ldd, int accumulate, float *scratch) {
  lightning_chunk c = lightning_chunk_in(head, scratch);
  const long d = c.width, state_count = d * d;
  float *o = take(&c.free, c.chunk * d), *result = take(&c.free, c.chunk * d), *scaled = take(&c.free, c.chunk * d);
  float *dscores = take_square(&c.free, c.chunk);
  float *dstate = take(&c.free, state_count), *state_transposed = take(&c.free, state_count);
  for (long j = 0; j < state_count; j += W) v_store(dstate + j, (vf)0.0f);
  for (long index = (head->time + c.chunk - 1) / c.chunk - 1; index >= 0; index--) {
    const long start = index * c.chunk;
    const long count = head->time - start < c.chunk ? head->time - start : c.chunk, rows = padded(count);
    const float *state = states + index * state_count;
    lightning_load(head, start, count, &c);
    load_rows(count, rows, head->head_dimension, dout + start * lddo, lddo, o);

    // dv = scores' do + lambda^{C-1-j} k dS.
    block_product(0, rows, d, d, 1, c.k, d, dstate, d, 0, result, d);
    scale_rows(rows, d, c.left, result, result);
    lower_transposed_times(rows, d, 1, c.scores, c.chunk, o, d, 1, result, d);
    store_rows(count, head->head_dimension, result, dv + start * ldd, ldd, accumulate);

    // dk = dscores' q + lambda^{C-1-j} v dS'.
    block_transpose(rows, d, c.v, d, c.transposed, c.chunk);
    lower_product(rows, d, o, d, c.transposed, c.chunk, dscores, c.chunk);
    lower_multiply(rows, c.chunk, dscores, c.decay);
    block_transpose(d, d, dstate, d, state_transposed, d);
    block_product(0, rows, d, d, 1, c.v, d, state_transposed, d, 0, result, d);
    scale_rows(rows, d, c.left, result, result);
    lower_transposed_times(rows, d, 1, dscores, c.chunk, c.q, d, 1, result, d);
    store_rows(count, head->head_dimension, result, dk + start * ldd, ldd, accumulate);

    // dq = dscores k + lambda^{i+1} do S', and dS = lambda^C dS + q' (lambda^{i+1} do).
    scale_rows(rows, d, c.grown, o, scaled);
    block_transpose(d, d, state, d, state_transposed, d);
    block_product(0, rows, d, d, 1, scaled, d, state_transposed, d, 0, result, d);
    lower_times(rows, d, 1, dscores, c.chunk, c.k, d, 1, result, d);
    store_rows(count, head->head_dimension, result, dq + start * ldd, ldd, accumulate);
    vf all = c.grown[count - 1];
    for (long j = 0; j < state_count; j += W) v_store(dstate + j, all * v_load(dstate + j));
    block_product(1, d, d, rows, 1, c.q, d, scaled, d, 1, dstate, d);
  }
}

/// Some columns of a step: `vectors` whole vectors, or one of which `left` lanes are there. With the old state,
/// o = lambda q S + (q . k) v.
CK_INLINE void lightning_step_columns(const int vectors, long left, const ck_lightning_head *head, float decay,
                                      float match, const float *v, float *state, float *out) {
  const long d = head->head_dimension;
  vf read[2][2], value[2];
  CK_UNROLL for (int j = 0; j < vectors; j++) {
    read[0][j] = read[1][j] = 0;
    value[j] = left < W ? v_load_partial(v, left) : v_load(v + j * W);
  }
  for (long i = 0; i < d; i += 2) {
    CK_UNROLL for (int p = 0; p < 2; p++) {
      if (i + p < d) {
        float *row = state + (i + p) * d;
        CK_UNROLL for (int j = 0; j < vectors; j++) {
          vf s = left < W ? v_load_partial(row, left) : v_load(row + j * W);
          read[p][j] = head->q[i + p] * s + read[p][j];
          s = decay * s + head->k[i + p] * value[j];
          if (left < W) {
            v_store_partial(row, s, left);
          } else {
            v_store(row + j * W, s);
          }
        }
      }
    }
  }
  CK_UNROLL for (int j = 0; j < vectors; j++) {
    vf o = decay * (read[0][j] + read[1][j]) + match * value[j];
    if (left < W) {
      v_store_partial(out, o, left);
    } else {
      v_store(out + j * W, o);
    }
  }
}

static void isa_lightning_step(const ck_lightning_head *head, float *state, float *out) {
  const long d = head->head_dimension;
  const float decay = v_exp_nonpositive((vf)-head->slope)[0];
  float match = 0;
  for (long i = 0; i < d; i++) match += head->q[i] * head->k[i];
  long j = 0;
  for (; j + 2 * W <= d; j += 2 * W) lightning_step_columns(2, W, head, decay, match, head->v + j, state + j, out + j);
  for (; j + W <= d; j += W) lightning_step_columns(1, W, head, decay, match, head->v + j, state + j, out + j);
  if (j < d) lightning_step_columns(1, d - j, head, decay, match, head->v + j, state + j, out + j);
}
