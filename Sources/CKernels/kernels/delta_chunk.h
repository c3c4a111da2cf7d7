// What the forward and the backward pass of the gated delta rule share: a chunk's normalised keys and queries, its
// gates and decays, and the triangular solves.
#pragma once

#pragma STDC FP_CONTRACT ON

/// The matrices of a chunk, in scratch. Its rows are the steps of its tokens, one after the other. `keys` and `values`
/// are the padded dimensions, `rows` the stride of squares.
typedef struct {
  long tokens, steps, rows, keys, values;
  int decays;
  float *k;                  // [rows, keys], normalised
  float *q;                  // [tokens, keys], normalised
  float *k_transposed;       // [keys, rows]
  float *k_scale, *q_scale;  // [rows], [tokens]: the inverse norms
  float *g, *slope;          // [rows]: log decays, and their derivative by a
  float *beta, *beta_slope;  // [rows], and its derivative by b
  float *grown, *left;       // [rows]: e^{G_i}, and e^{G_C - G_i}
  float *grown_read;         // [tokens]: e^G at the last step of a token
  float *sum;                // [rows]: G
  float *decay;              // [rows, rows]: e^{G_i - G_j} for j <= i, 0 above
  float *scores;             // [tokens, rows]: (q_i . k_j) decay
  float *overlap;            // [rows, rows]: (k_i . k_j) decay for j < i, times the beta of its rows or columns
  float *free;               // What is left.
} delta_chunk;

static delta_chunk delta_chunk_in(const ck_delta_head *head, float *scratch) {
  delta_chunk c = {.free = scratch};
  c.tokens = ck_delta_chunk(head->shape);
  c.steps = head->shape.steps;
  c.rows = c.tokens * c.steps;
  c.keys = padded(head->shape.key_dimension);
  c.values = padded(head->shape.value_dimension);
  c.decays = head->a != NULL;
  c.k = take(&c.free, c.rows * c.keys);
  c.q = take(&c.free, c.tokens * c.keys);
  c.k_transposed = take(&c.free, c.rows * c.keys);
  c.q_scale = take(&c.free, c.tokens);
  float **numbers[] = {&c.k_scale, &c.g, &c.slope, &c.beta, &c.beta_slope, &c.grown, &c.left, &c.sum};
  for (int i = 0; i < 8; i++) *numbers[i] = take(&c.free, c.rows);
  // The reading step of a token is its only one, or other rows than those of the updates.
  c.grown_read = c.steps == 1 ? c.grown : take(&c.free, c.tokens);
  c.decay = take_square(&c.free, c.rows);
  c.overlap = take_square(&c.free, c.rows);
  c.scores = take(&c.free, c.tokens * c.rows);
  if (!c.decays) {
    for (long i = 0; i < c.rows; i++)
      for (long j = 0; j <= i; j++) c.decay[i * c.rows + j] = 1.0f;
  }
  memset(c.scores, 0, sizeof(float) * (size_t)(c.tokens * c.rows));
  return c;
}

/// The row of the last step of a token, or the last row if the token is past the end.
CK_INLINE long delta_reading_row(const delta_chunk *c, long token, long rows) {
  const long end = (token + 1) * c->steps;
  return (end < rows ? end : rows) - 1;
}

/// Rows that a block of tokens from `token` on reads.
CK_INLINE long delta_rows_read(const delta_chunk *c, long token, long block, long rows) {
  const long end = (token + block) * c->steps;
  return end < rows ? end : rows;
}

/// Copies the steps of `count` tokens of `width` floats into rows of padded(width) floats; the rest up to `rows` becomes
/// zero.
static void load_steps(long count, long steps, long rows, long width, const float *from, long ld, long step,
                       float *to) {
  if (steps == 1) {
    load_rows(count, rows, width, from, ld, to);
    return;
  }
  const long full = padded(width);
  for (long i = 0; i < count; i++, to += steps * full) load_rows(steps, steps, width, from + i * ld, step, to);
  memset(to, 0, sizeof(float) * (size_t)((rows - count * steps) * full));
}

/// Writes or adds rows to the steps of `count` tokens.
static void store_steps(long count, long steps, long width, const float *from, float *to, long ld, long step,
                        int accumulate) {
  if (steps == 1) {
    store_rows(count, width, from, to, ld, accumulate);
    return;
  }
  for (long i = 0; i < count; i++)
    store_rows(steps, width, from + i * steps * padded(width), to + i * ld, step, accumulate);
}

/// Normalises rows by their length; `scale` keeps the inverse lengths.
static void delta_normalise(long rows, long width, float factor, float *x, float *scale) {
  row_dots(rows, width, x, x, scale);
  for (long i = 0; i < rows; i += W)
    v_store(scale + i, 1.0f / v_sqrt(v_load(scale + i) + 1e-6f));
  for (long i = 0; i < rows; i++) {
    vf by = scale[i] * factor;
    for (long j = 0; j < width; j += W) v_store(x + i * width + j, by * v_load(x + i * width + j));
  }
}

/// The betas of a chunk. Rows past the end do not write.
static void delta_betas(const ck_delta_head *head, long start, long count, long rows, delta_chunk *c) {
  const long steps = c->steps;
  for (long i = 0; i < count; i++)
    for (long s = 0; s < steps; s++) c->beta[i * steps + s] = head->b[(start + i) * head->ldb + s * head->b_step];
  for (long i = count * steps; i < rows; i++) c->beta[i] = 0;
  const vf scale = head->beta_scale;
  for (long i = 0; i < rows; i += W) {
    vf b = v_load(c->beta + i), beta = v_sigmoid(b) * scale;
    v_store(c->beta + i, beta);
    // Not with 1 - beta, which cancels as beta nears 1.
    v_store(c->beta_slope + i, beta * v_sigmoid(-b));
  }
  for (long i = count * steps; i < rows; i++) c->beta[i] = c->beta_slope[i] = 0;
}

/// The decays of a chunk: the first step of a token has one. Rows past the end do not decay.
static void delta_gates(const ck_delta_head *head, long start, long count, long rows, delta_chunk *c) {
  const long steps = c->steps;
  for (long i = 0; i < rows; i++) c->g[i] = 0;
  for (long i = 0; i < count; i++) c->g[i * steps] = head->a[(start + i) * head->lda] + head->dt_bias;
  vf rate = -expf(head->a_log);
  for (long i = 0; i < rows; i += W) {
    vf x = v_load(c->g + i);
    v_store(c->g + i, rate * v_softplus(x));
    v_store(c->slope + i, rate * v_sigmoid(x));
  }
  for (long i = 0; i < count && steps > 1; i++)
    for (long s = 1; s < steps; s++) c->g[i * steps + s] = c->slope[i * steps + s] = 0;
  for (long i = count * steps; i < rows; i++) c->g[i] = c->slope[i] = 0;
  float sum = 0.0f;
  for (long i = 0; i < rows; i++) c->sum[i] = sum += c->g[i];
  for (long i = 0; i < rows; i += W) {
    vf at = v_load(c->sum + i);
    v_store(c->grown + i, v_exp_nonpositive(at));
    v_store(c->left + i, v_exp_nonpositive(sum - at));
  }
  if (steps > 1)
    for (long i = 0; i < padded(count); i++) c->grown_read[i] = c->grown[delta_reading_row(c, i, rows)];
}

/// e^{G_i - G_j}. A block below the diagonal goes through G at the end of its columns, s: e^{G_i - G_s} e^{G_s - G_j},
/// both at most 1, so that only the blocks of the diagonal need an exponential for every element.
static void delta_decay(long rows, delta_chunk *c) {
  for (long block = 0; block < rows; block += CK_PAD) {
    for (long before = 0; before < block; before += CK_PAD) {
      long end = before + CK_PAD - 1;
      float since[CK_PAD];
      for (long i = 0; i < CK_PAD; i += W)
        v_store(since + i, v_exp_nonpositive(v_load(c->sum + block + i) - c->sum[end]));
      for (long j = before; j < before + CK_PAD; j += W) {
        vf until = v_load(c->decay + end * c->rows + j);
        for (long i = 0; i < CK_PAD; i++) v_store(c->decay + (block + i) * c->rows + j, since[i] * until);
      }
    }
    for (long i = 0; i < CK_PAD; i++) {
      float *row = c->decay + (block + i) * c->rows + block;
      vf at = c->sum[block + i];
      for (long j = 0; j < CK_PAD; j += W) {
        vf decay = v_exp_nonpositive(v_min(at - v_load(c->sum + block + j), (vf)0.0f));
        v_store(row + j, v_keep(decay, i + 1, j));
      }
    }
  }
}

/// The scores of a chunk's queries against the rows that they see, before the decay.
static void delta_scores(long queries, long rows, long width, const float *x, const float *transposed,
                         const delta_chunk *c, float *scores) {
  for (long i = 0; i < queries; i += CK_PAD) {
    const long seen = delta_rows_read(c, i, CK_PAD, rows);
    block_product(0, CK_PAD, seen, width, 1, x + i * width, width, transposed, c->rows, 0, scores + i * c->rows,
                  c->rows);
  }
}

/// x (queries x rows) *= the decays at the rows of the queries, which also clears what they do not see.
static void delta_scores_decay(long queries, long rows, const delta_chunk *c, float *x) {
  for (long i = 0; i < queries; i++) {
    const float *decay = c->decay + delta_reading_row(c, i, rows) * c->rows;
    const long seen = delta_rows_read(c, i / CK_PAD * CK_PAD, CK_PAD, rows);
    for (long j = 0; j < seen; j += W) v_store(x + i * c->rows + j, v_load(x + i * c->rows + j) * v_load(decay + j));
  }
}

/// C (queries x n) = scores B + keep C, tiles of queries over the rows that they see.
static void delta_scores_times(long queries, long rows, long n, const float *scores, const float *b, float keep,
                               const delta_chunk *c, float *to) {
  for (long i = 0; i < queries; i += CK_TILE_ROWS) {
    const long height = queries - i < CK_TILE_ROWS ? queries - i : CK_TILE_ROWS;
    block_product(0, height, n, delta_rows_read(c, i, height, rows), 1, scores + i * c->rows, c->rows, b, n, keep,
                  to + i * n, n);
  }
}

/// C (rows x n) = scores' B + keep C, tiles of rows over the queries that see them.
static void delta_scores_transposed_times(long queries, long rows, long n, const float *scores, const float *b,
                                          float keep, const delta_chunk *c, float *to) {
  for (long i = 0; i < rows; i += CK_TILE_ROWS) {
    const long height = rows - i < CK_TILE_ROWS ? rows - i : CK_TILE_ROWS, first = i / c->steps;
    block_product(1, height, n, queries - first, 1, scores + first * c->rows + i, c->rows, b + first * n, n, keep,
                  to + i * n, n);
  }
}

/// Everything of a chunk that does not depend on the state. `overlap` becomes the matrix of the triangular system: its
/// columns times beta for the forward pass, its rows for the backward one.
CK_INLINE void delta_prepare(const ck_delta_head *head, long start, long count, long rows, int is_backward,
                             delta_chunk *c) {
  const long width = head->shape.key_dimension, queries = padded(count);
  load_steps(count, c->steps, rows, width, head->k + start * head->ldk, head->ldk, head->k_step, c->k);
  load_rows(count, queries, width, head->q + start * head->ldq, head->ldq, c->q);
  delta_normalise(rows, c->keys, 1.0f, c->k, c->k_scale);
  delta_normalise(queries, c->keys, 1.0f / sqrtf((float)width), c->q, c->q_scale);
  block_transpose(rows, c->keys, c->k, c->keys, c->k_transposed, c->rows);
  delta_betas(head, start, count, rows, c);
  if (c->decays) {
    delta_gates(head, start, count, rows, c);
    delta_decay(rows, c);
  }
  delta_scores(queries, rows, c->keys, c->q, c->k_transposed, c, c->scores);
  delta_scores_decay(queries, rows, c, c->scores);
  lower_product(rows, c->keys, c->k, c->keys, c->k_transposed, c->rows, c->overlap, c->rows);
  for (long i = 0; i < rows; i++) {
    vf beta = c->beta[i];
    const long row = i * c->rows;
    for (long j = 0; j < padded(i + 1); j += W) {
      if (!is_backward) beta = v_load(c->beta + j);
      v_store(c->overlap + row + j, v_load(c->overlap + row + j) * v_load(c->decay + row + j) * beta);
    }
    c->overlap[row + i] = 0;
  }
}

/// Eight rows of a substitution, forwards or backwards: x -= O solved, O (8 x count) being outer[i * row + p * column];
/// then the unit triangular system of the rows themselves, inner[i * row + p * column].
CK_INLINE void delta_solve_tile(const int vectors, const int backwards, long count, const float *outer,
                                const float *inner, long row, long column, const float *solved, long ld, float *x) {
  vf sum[8][2];
  CK_UNROLL for (int i = 0; i < 8; i++) {
    CK_UNROLL for (int j = 0; j < vectors; j++) sum[i][j] = v_load(x + i * ld + j * W);
  }
  for (long p = 0; p < count; p++) {
    CK_UNROLL for (int i = 0; i < 8; i++) {
      vf factor = outer[i * row + p * column];
      CK_UNROLL for (int j = 0; j < vectors; j++) sum[i][j] -= factor * v_load(solved + p * ld + j * W);
    }
  }
  CK_UNROLL for (int step = 0; step < 7; step++) {
    const int p = backwards ? 7 - step : step;
    CK_UNROLL for (int i = 0; i < 8; i++) {
      if (backwards ? i < p : i > p) {
        vf factor = inner[i * row + p * column];
        CK_UNROLL for (int j = 0; j < vectors; j++) sum[i][j] -= factor * sum[p][j];
      }
    }
  }
  CK_UNROLL for (int i = 0; i < 8; i++) {
    CK_UNROLL for (int j = 0; j < vectors; j++) v_store(x + i * ld + j * W, sum[i][j]);
  }
}

/// Vectors of a tile of eight rows that fit in the registers.
#if CK_TILE_ROWS >= 12
#define DELTA_SOLVE_VECTORS 2
#else
#define DELTA_SOLVE_VECTORS 1
#endif

/// Solves (I + M) X = X in place for a strictly lower triangular M, or, `transposed`, (I + M') X = X.
CK_INLINE void delta_solve(const int transposed, long rows, long width, const float *m, long ldm, float *x) {
  for (long done = 0; done < rows; done += 8) {
    const long i = transposed ? rows - 8 - done : done;
    const float *inner = m + i * ldm + i, *outer = transposed ? inner + 8 * ldm : m + i * ldm;
    const float *solved = transposed ? x + (i + 8) * width : x;
    const long row = transposed ? 1 : ldm, column = transposed ? ldm : 1;
    float *at = x + i * width;
    long j = 0;
    for (; j + DELTA_SOLVE_VECTORS * W <= width; j += DELTA_SOLVE_VECTORS * W) {
      delta_solve_tile(DELTA_SOLVE_VECTORS, transposed, done, outer, inner, row, column, solved + j, width, at + j);
    }
    for (; j < width; j += W) {
      delta_solve_tile(1, transposed, done, outer, inner, row, column, solved + j, width, at + j);
    }
  }
}
