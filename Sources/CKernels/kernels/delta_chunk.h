// What the forward and the backward pass of the gated delta rule share: a chunk's normalised keys and queries, its
// gates and decays, and the triangular solves.
#pragma once

#pragma STDC FP_CONTRACT ON

/// The matrices of a chunk, in scratch. `keys` and `values` are the padded dimensions, `chunk` the stride of squares.
typedef struct {
  long chunk, keys, values;
  float *k, *q;              // [chunk, keys], normalised
  float *k_transposed;       // [keys, chunk]
  float *k_scale, *q_scale;  // [chunk]: the inverse norms
  float *g, *slope;          // [chunk]: log decays, and their derivative by a
  float *beta, *beta_slope;  // [chunk], and its derivative by b
  float *grown, *left;       // [chunk]: e^{G_i}, and e^{G_C - G_i}
  float *sum;                // [chunk]: G
  float *decay;              // [chunk, chunk]: e^{G_i - G_j} for j <= i, 0 above in the blocks of the diagonal
  float *scores;             // [chunk, chunk]: (q_i . k_j) decay
  float *overlap;            // [chunk, chunk]: (k_i . k_j) decay for j < i, times the beta of its rows or columns
  float *free;               // What is left.
} delta_chunk;

static delta_chunk delta_chunk_in(const ck_delta_head *head, float *scratch) {
  delta_chunk c = {.free = scratch};
  c.chunk = ck_delta_chunk(head->key_dimension, head->value_dimension);
  c.keys = padded(head->key_dimension);
  c.values = padded(head->value_dimension);
  c.k = take(&c.free, c.chunk * c.keys);
  c.q = take(&c.free, c.chunk * c.keys);
  c.k_transposed = take(&c.free, c.chunk * c.keys);
  c.k_scale = take(&c.free, c.chunk);
  c.q_scale = take(&c.free, c.chunk);
  c.g = take(&c.free, c.chunk);
  c.slope = take(&c.free, c.chunk);
  c.beta = take(&c.free, c.chunk);
  c.beta_slope = take(&c.free, c.chunk);
  c.grown = take(&c.free, c.chunk);
  c.left = take(&c.free, c.chunk);
  c.sum = take(&c.free, c.chunk);
  c.decay = take_square(&c.free, c.chunk);
  c.scores = take_square(&c.free, c.chunk);
  c.overlap = take_square(&c.free, c.chunk);
  return c;
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

/// The gates of a chunk. Tokens past the end neither decay nor write.
static void delta_gates(const ck_delta_head *head, long start, long count, long rows, delta_chunk *c) {
  for (long i = 0; i < count; i++) {
    c->g[i] = head->a[(start + i) * head->lda] + head->dt_bias;
    c->beta[i] = head->b[(start + i) * head->ldb];
  }
  for (long i = count; i < rows; i++) c->g[i] = c->beta[i] = 0.0f;
  vf rate = -expf(head->a_log);
  for (long i = 0; i < rows; i += W) {
    vf x = v_load(c->g + i);
    v_store(c->g + i, rate * v_softplus(x));
    v_store(c->slope + i, rate * v_sigmoid(x));
    vf b = v_load(c->beta + i), beta = v_sigmoid(b);
    v_store(c->beta + i, beta);
    // Not beta (1 - beta), which cancels as beta nears 1.
    v_store(c->beta_slope + i, beta * v_sigmoid(-b));
  }
  for (long i = count; i < rows; i++) c->g[i] = c->slope[i] = c->beta[i] = c->beta_slope[i] = 0;
  float sum = 0.0f;
  for (long i = 0; i < rows; i++) c->sum[i] = sum += c->g[i];
  for (long i = 0; i < rows; i += W) {
    vf at = v_load(c->sum + i);
    v_store(c->grown + i, v_exp_nonpositive(at));
    v_store(c->left + i, v_exp_nonpositive(sum - at));
  }
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
        vf until = v_load(c->decay + end * c->chunk + j);
        for (long i = 0; i < CK_PAD; i++) v_store(c->decay + (block + i) * c->chunk + j, since[i] * until);
      }
    }
    for (long i = 0; i < CK_PAD; i++) {
      float *row = c->decay + (block + i) * c->chunk + block;
      vf at = c->sum[block + i];
      for (long j = 0; j < CK_PAD; j += W) {
        vf decay = v_exp_nonpositive(v_min(at - v_load(c->sum + block + j), (vf)0.0f));
        v_store(row + j, v_keep(decay, i + 1, j));
      }
    }
  }
}

/// Everything of a chunk that does not depend on the state. `overlap` becomes the matrix of the triangular system: its
/// columns times beta for the forward pass, its rows for the backward one.
CK_INLINE void delta_prepare(const ck_delta_head *head, long start, long count, long rows, int is_backward,
                             delta_chunk *c) {
  load_rows(count, rows, head->key_dimension, head->k + start * head->ldk, head->ldk, c->k);
  load_rows(count, rows, head->key_dimension, head->q + start * head->ldq, head->ldq, c->q);
  delta_normalise(rows, c->keys, 1.0f, c->k, c->k_scale);
  delta_normalise(rows, c->keys, 1.0f / sqrtf((float)head->key_dimension), c->q, c->q_scale);
  block_transpose(rows, c->keys, c->k, c->keys, c->k_transposed, c->chunk);
  delta_gates(head, start, count, rows, c);
  delta_decay(rows, c);
  lower_product(rows, c->keys, c->q, c->keys, c->k_transposed, c->chunk, c->scores, c->chunk);
  lower_product(rows, c->keys, c->k, c->keys, c->k_transposed, c->chunk, c->overlap, c->chunk);
  for (long i = 0; i < rows; i++) {
    vf beta = c->beta[i];
    const long row = i * c->chunk;
    for (long j = 0; j < padded(i + 1); j += W) {
      vf decay = v_load(c->decay + row + j);
      v_store(c->scores + row + j, v_load(c->scores + row + j) * decay);
      if (!is_backward) beta = v_load(c->beta + j);
      v_store(c->overlap + row + j, v_load(c->overlap + row + j) * decay * beta);
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
