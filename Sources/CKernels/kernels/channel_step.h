// One token of the recurrences with channel-wise decay. The formulas are in ck_channel.h.
#pragma once

#pragma STDC FP_CONTRACT ON

/// Whole vectors of a row, or the one of which `left` lanes are there.
CK_INLINE vf channel_lanes(const float *row, int part, long left) {
  return left < W ? v_load_partial(row, left) : v_load(row + part * W);
}

/// Some columns of a step: `vectors` whole vectors, or one of which `left` lanes are there.
///
/// Everything is read from the old state S in one pass: `read` is what q reads of the decayed state, `held` what is
/// taken away. A token's own write is seen through the products of keys, `match` and `taken`.
CK_INLINE void channel_step_columns(const int rule, const int vectors, long left, const ck_channel_head *head,
                                    const float *decay, const float *q, const float *r, const float *w, float match,
                                    float taken, float beta, const float *v, float *state, float *out) {
  const long keys = head->shape.key_dimension, values = head->shape.value_dimension;
  vf read[2][4], held[2][4], written[4];
  CK_UNROLL for (int j = 0; j < vectors; j++) {
    read[0][j] = read[1][j] = held[0][j] = held[1][j] = 0;
    written[j] = channel_lanes(v, j, left);
  }
  // Two sums of each, so that one addition need not wait for the other.
  for (long i = 0; i < keys; i += 2) {
    CK_UNROLL for (int p = 0; p < 2; p++) {
      if (i + p < keys) {
        float *row = state + (i + p) * values;
        CK_UNROLL for (int j = 0; j < vectors; j++) {
          vf s = channel_lanes(row, j, left);
          read[p][j] = q[i + p] * s + read[p][j];
          if (rule != CK_CHANNEL_ADDITIVE) {
            held[p][j] = r[i + p] * s + held[p][j];
          } else {
            s = decay[i + p] * s + head->k[i + p] * written[j];
            if (left < W) {
              v_store_partial(row, s, left);
            } else {
              v_store(row + j * W, s);
            }
          }
        }
      }
    }
  }
  CK_UNROLL for (int j = 0; j < vectors; j++) {
    held[0][j] += held[1][j];
    if (rule == CK_CHANNEL_DELTA) written[j] = beta * (written[j] - held[0][j]);
    vf o = read[0][j] + read[1][j] + match * written[j];
    if (rule == CK_CHANNEL_LOW_RANK) o = o - taken * held[0][j];
    if (left < W) {
      v_store_partial(out, o, left);
    } else {
      v_store(out + j * W, o);
    }
  }
  if (rule == CK_CHANNEL_ADDITIVE) return;
  for (long i = 0; i < keys; i++) {
    float *row = state + i * values;
    CK_UNROLL for (int j = 0; j < vectors; j++) {
      vf s = decay[i] * channel_lanes(row, j, left) + head->k[i] * written[j];
      if (rule == CK_CHANNEL_LOW_RANK) s = s - w[i] * held[0][j];
      if (left < W) {
        v_store_partial(row, s, left);
      } else {
        v_store(row + j * W, s);
      }
    }
  }
}

CK_INLINE void channel_step(const int rule, const ck_channel_head *head, float *state, float *out, float *scratch) {
  const long keys = head->shape.key_dimension, values = head->shape.value_dimension;
  float *decay = scratch, *q = scratch + keys, *read = scratch + 2 * keys, match = 0, taken = 0;
  for (long i = 0; i < keys; i += W) {
    const long left = keys - i;
    if (left >= W) {
      v_store(decay + i, v_exp_nonpositive(v_load(head->g + i)));
    } else {
      v_store_partial(decay + i, v_exp_nonpositive(v_load_partial(head->g + i, left)), left);
    }
  }
  for (long i = 0; i < keys; i++) {
    const float scaled = head->scale * head->q[i];
    q[i] = scaled * decay[i];
    match += scaled * head->k[i];
    if (rule == CK_CHANNEL_DELTA) read[i] = head->k[i] * decay[i];
    if (rule == CK_CHANNEL_LOW_RANK) taken += scaled * head->w[i];
  }
  const float *r = rule == CK_CHANNEL_LOW_RANK ? head->r : read;
  const float beta = rule == CK_CHANNEL_DELTA ? *head->beta : 0;
  long j = 0;
  for (; j + 2 * W <= values; j += 2 * W)
    channel_step_columns(rule, 2, W, head, decay, q, r, head->w, match, taken, beta, head->v + j, state + j, out + j);
  for (; j + W <= values; j += W)
    channel_step_columns(rule, 1, W, head, decay, q, r, head->w, match, taken, beta, head->v + j, state + j, out + j);
  if (j < values)
    channel_step_columns(rule, 1, values - j, head, decay, q, r, head->w, match, taken, beta, head->v + j, state + j,
                         out + j);
}

static void isa_channel_step(const ck_channel_head *head, float *state, float *out, float *scratch) {
  if (head->shape.rule == CK_CHANNEL_ADDITIVE) return channel_step(CK_CHANNEL_ADDITIVE, head, state, out, scratch);
  if (head->shape.rule == CK_CHANNEL_DELTA) return channel_step(CK_CHANNEL_DELTA, head, state, out, scratch);
  channel_step(CK_CHANNEL_LOW_RANK, head, state, out, scratch);
}
