// The scan in chunks: what both passes share, the forward pass, and one step. The formulas are in ck_scan.h.
#pragma once

#pragma STDC FP_CONTRACT ON

/// The matrices of a chunk, in scratch. Rows are `keys` or `values` floats, the padded dimensions; squares `chunk`.
typedef struct {
  long chunk, keys, values;
  float *q, *k;              // [chunk, keys]
  float *transposed;         // [keys, chunk]: k
  float *raw;                // [chunk, chunk]: c q_i . k_j in the lower blocks
  float *x, *v;              // [chunk, values]: the values of the head at hand, and times their factors
  float *decay;              // [chunk, chunk]: e^{G_i - G_j} for j <= i, 0 above in the blocks of the diagonal
  float *scores;             // [chunk, chunk]: raw times decay
  float *grown, *left;       // [chunk]: e^{G_i}, and e^{G_C - G_i} for the tokens of the chunk at hand
  float *factor, *within;    // [chunk]: e^g, and the sums of g from the start of each block of CK_PAD tokens
  float *free;               // What is left.
} scan_chunk;

/// e^{G_i - G_j} of a fixed decay: all powers from their exponents, so that none carries the error of another.
static void scan_powers(float slope, scan_chunk *c) {
  for (long i = 0; i < c->chunk; i++) c->grown[i] = (float)(i + 1) * -slope;
  for (long i = 0; i < c->chunk; i += W) v_store(c->grown + i, v_exp_nonpositive(v_load(c->grown + i)));
  for (long i = 0; i < c->chunk; i++) {
    float *row = c->decay + i * c->chunk;
    for (long j = 0; j < padded(i + 1); j++) row[j] = j > i ? 0.0f : i == j ? 1.0f : c->grown[i - j - 1];
  }
}

static float scan_slope(const ck_scan_group *group, long head) { return group->slope ? group->slope[head] : 0.0f; }

static scan_chunk scan_chunk_in(const ck_scan_group *group, float *scratch) {
  scan_chunk c = {.free = scratch};
  c.chunk = ck_scan_chunk(group);
  c.keys = padded(group->key_dimension);
  c.values = padded(group->value_dimension);
  c.q = take(&c.free, c.chunk * c.keys);
  c.k = take(&c.free, c.chunk * c.keys);
  c.transposed = take(&c.free, c.chunk * c.keys);
  c.x = take(&c.free, c.chunk * c.values);
  c.v = group->scale ? take(&c.free, c.chunk * c.values) : c.x;
  c.grown = take(&c.free, c.chunk);
  c.left = take(&c.free, c.chunk);
  c.factor = take(&c.free, c.chunk);
  c.within = take(&c.free, c.chunk);
  c.raw = take_square(&c.free, c.chunk);
  c.decay = take_square(&c.free, c.chunk);
  c.scores = take_square(&c.free, c.chunk);
  if (!group->log_decay) scan_powers(scan_slope(group, 0), &c);
  return c;
}

/// The log decays of a chunk, their sums and exponentials. Tokens past the end do not decay.
static void scan_gates(const ck_scan_group *group, long head, long start, long count, scan_chunk *c) {
  const long rows = padded(count);
  const float *from = group->log_decay + start * group->ldg + head;
  float before = 0.0f, after = 0.0f, block = 0.0f;
  for (long i = 0; i < rows; i++) {
    const float g = i < count ? from[i * group->ldg] : 0.0f;
    c->factor[i] = g;
    c->grown[i] = before += g;
    c->within[i] = block = g + (i % CK_PAD ? block : 0.0f);
  }
  for (long i = rows - 1; i >= 0; after += c->factor[i--]) c->left[i] = after;
  float *logarithms[] = {c->factor, c->grown, c->left};
  for (int n = 0; n < 3; n++)
    for (long i = 0; i < rows; i += W) v_store(logarithms[n] + i, v_exp_nonpositive(v_load(logarithms[n] + i)));
}

/// e^{G_i - G_j}. In a block of the diagonal a row is the one above times e^g; a block below goes through the end of its
/// columns, s: e^{G_i - G_s} e^{G_s - G_j}. Neither subtracts sums, which may be large where tokens erase the state.
static void scan_decay(long rows, scan_chunk *c) {
  static const float unit[2 * CK_PAD] = {[CK_PAD] = 1};
  const long last = CK_PAD - 1;
  for (long block = 0; block < rows; block += CK_PAD) {
    for (long j = 0; j < CK_PAD; j += W) {
      vf row = 0;
      for (long i = 0; i < CK_PAD; i++) {
        row = c->factor[block + i] * row + v_load(unit + CK_PAD - i + j);
        v_store(c->decay + (block + i) * c->chunk + block + j, row);
      }
    }
    float between = 0.0f;  // The log decay of the blocks between the columns and these rows.
    for (long before = block - CK_PAD; before >= 0; before -= CK_PAD) {
      float since[CK_PAD];
      for (long i = 0; i < CK_PAD; i += W)
        v_store(since + i, v_exp_nonpositive(v_load(c->within + block + i) + between));
      for (long j = before; j < before + CK_PAD; j += W) {
        vf until = v_load(c->decay + (before + last) * c->chunk + j);
        for (long i = 0; i < CK_PAD; i++) v_store(c->decay + (block + i) * c->chunk + j, since[i] * until);
      }
      between += c->within[before + last];
    }
  }
}

/// Loads what the heads of a group share; tokens past the end are zero, so they neither write nor are read.
static void scan_load(const ck_scan_group *group, long start, long count, scan_chunk *c) {
  const long rows = padded(count);
  load_rows(count, rows, group->key_dimension, group->q + start * group->ldq, group->ldq, c->q);
  load_rows(count, rows, group->key_dimension, group->k + start * group->ldk, group->ldk, c->k);
  block_transpose(rows, c->keys, c->k, c->keys, c->transposed, c->chunk);
  for (long i = 0; i < rows; i += CK_PAD)
    block_product(0, CK_PAD, i + CK_PAD, c->keys, group->query_scale, c->q + i * c->keys, c->keys, c->transposed,
                  c->chunk, 0, c->raw + i * c->chunk, c->chunk);
}

/// Loads the values of a head, and makes its decays and scores.
static void scan_load_head(const ck_scan_group *group, long head, long start, long count, scan_chunk *c) {
  const long rows = padded(count), width = group->value_dimension;
  load_rows(count, rows, width, group->v + start * group->ldv + head * width, group->ldv, c->x);
  if (group->scale) {
    const float *scale = group->scale + start * group->lds + head;
    for (long i = 0; i < rows; i++) {
      vf factor = i < count ? scale[i * group->lds] : 0.0f;
      for (long j = i * c->values; j < (i + 1) * c->values; j += W) v_store(c->v + j, factor * v_load(c->x + j));
    }
  }
  if (group->log_decay) {
    scan_gates(group, head, start, count, c);
    scan_decay(rows, c);
  } else {
    if (group->heads > 1) scan_powers(scan_slope(group, head), c);
    for (long i = 0; i < rows; i++) c->left[i] = i >= count ? 0.0f : i == count - 1 ? 1.0f : c->grown[count - 2 - i];
  }
  for (long i = 0; i < rows; i++) {
    for (long j = i * c->chunk; j < i * c->chunk + padded(i + 1); j += W)
      v_store(c->scores + j, v_load(c->raw + j) * v_load(c->decay + j));
  }
}

static void isa_scan_forward(const ck_scan_group *group, float *out, long ldo, float *states, int keep,
                             float *scratch) {
  scan_chunk c = scan_chunk_in(group, scratch);
  const long keys = c.keys, values = c.values, state_count = keys * values;
  float *o = take(&c.free, c.chunk * values), *state = states;
  for (long start = 0; start < group->time; start += c.chunk) {
    const long count = group->time - start < c.chunk ? group->time - start : c.chunk, rows = padded(count);
    scan_load(group, start, count, &c);
    float *next = keep ? state + group->heads * state_count : state;
    for (long head = 0; head < group->heads; head++, state += state_count, next += state_count) {
      scan_load_head(group, head, start, count, &c);
      block_product(0, rows, values, keys, group->query_scale, c.q, keys, state, values, 0, o, values);
      const float skip = group->skip ? group->skip[head] : 0.0f;
      for (long i = 0; i < rows; i++) {
        vf grown = c.grown[i];
        for (long j = i * values; j < (i + 1) * values; j += W) {
          vf read = grown * v_load(o + j);
          v_store(o + j, group->skip ? skip * v_load(c.x + j) + read : read);
        }
      }
      lower_times(rows, values, 1, c.scores, c.chunk, c.v, values, 1, o, values);
      store_rows(count, group->value_dimension, o, out + start * ldo + head * group->value_dimension, ldo, 0);

      const float all = c.grown[count - 1];
      if (keep) memcpy(next, state, sizeof(float) * (size_t)state_count);
      scale_rows(rows, values, c.left, c.v, c.v);
      block_product(1, keys, values, rows, 1, c.k, keys, c.v, values, all, next, values);
    }
    if (!keep) state = states;
  }
}

/// What a step of a head needs besides its arrays: e^g, s, c e^g, and c (q . k) s + D, by which the value itself enters
/// its output.
typedef struct {
  float decay, scale, read, own;
} scan_factors;

/// Some columns of a step: `vectors` whole vectors, or one of which `left` lanes are there. With the old state,
/// o = c e^g S' q + (c (q . k) s + D) v.
CK_INLINE void scan_step_columns(const int vectors, long left, const ck_scan_group *group, scan_factors f,
                                 const float *v, float *state, float *out) {
  const long keys = group->key_dimension, values = group->value_dimension;
  vf read[2][4], value[4];
  CK_UNROLL for (int j = 0; j < vectors; j++) {
    read[0][j] = read[1][j] = 0;
    value[j] = f.scale * (left < W ? v_load_partial(v, left) : v_load(v + j * W));
  }
  // Two sums of each, so that one addition need not wait for the other.
  for (long i = 0; i < keys; i += 2) {
    CK_UNROLL for (int p = 0; p < 2; p++) {
      if (i + p < keys) {
        float *row = state + (i + p) * values;
        CK_UNROLL for (int j = 0; j < vectors; j++) {
          vf s = left < W ? v_load_partial(row, left) : v_load(row + j * W);
          read[p][j] = group->q[i + p] * s + read[p][j];
          s = f.decay * s + group->k[i + p] * value[j];
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
    vf x = left < W ? v_load_partial(v, left) : v_load(v + j * W);
    vf o = f.read * (read[0][j] + read[1][j]) + f.own * x;
    if (left < W) {
      v_store_partial(out, o, left);
    } else {
      v_store(out + j * W, o);
    }
  }
}

static void isa_scan_step(const ck_scan_group *group, float *states, float *out) {
  const long width = group->value_dimension;
  float match = 0;
  for (long i = 0; i < group->key_dimension; i++) match += group->q[i] * group->k[i];
  for (long head = 0; head < group->heads; head++, out += width, states += group->key_dimension * width) {
    const float g = group->log_decay ? group->log_decay[head] : -scan_slope(group, head);
    scan_factors f = {.decay = v_exp_nonpositive((vf)g)[0], .scale = group->scale ? group->scale[head] : 1.0f};
    f.read = group->query_scale * f.decay;
    f.own = group->query_scale * match * f.scale + (group->skip ? group->skip[head] : 0.0f);
    const float *v = group->v + head * width;
    long j = 0;
    for (; j + 4 * W <= width; j += 4 * W) scan_step_columns(4, W, group, f, v + j, states + j, out + j);
    for (; j + 2 * W <= width; j += 2 * W) scan_step_columns(2, W, group, f, v + j, states + j, out + j);
    for (; j + W <= width; j += W) scan_step_columns(1, W, group, f, v + j, states + j, out + j);
    if (j < width) scan_step_columns(1, width - j, group, f, v + j, states + j, out + j);
  }
}
