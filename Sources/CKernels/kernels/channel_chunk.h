// What the forward and the backward pass of the recurrences with channel-wise decay share: a chunk's rows, with the
// decays that scale them.
#pragma once

#pragma STDC FP_CONTRACT ON

/// The matrices of a chunk, in scratch. `keys` and `values` are the padded dimensions.
///
/// Rows that read, q and perhaps r, lie alternately: row i of side s is row i * reads + s. They are kept as of before
/// their token's decay, so that all see the decays of the tokens before them: q (and k as reader of the delta rule) times
/// e^g, r as it is.
typedef struct {
  int reads, writes;
  long chunk, keys, values;
  float *q, *k;          // [chunk, keys], as they come
  float *beta;           // [chunk]
  float *decay;          // [chunk, keys]: e^g
  float *before;         // [chunk, keys]: the decays of earlier tokens of the block
  float *after;          // [chunk, keys]: the decays of later tokens of the block
  float *total;          // [chunk / 16, keys]: the decays of the blocks
  float *earlier;        // [chunk / 16, keys]: the decays of earlier blocks
  float *later;          // [chunk / 16, keys]: the decays of later blocks
  float *all;            // [keys]: the decays of the chunk
  float *x;              // [chunk * reads, keys]: what reads
  float *x_block;        // the same, times the decays since the start of the block
  float *x_chunk;        // the same, since the start of the chunk
  float *y[2];           // [chunk, keys]: what is written with
  float *y_block[2];     // the same, times the decays up to the end of the block
  float *y_chunk[2];     // the same, up to the end of the chunk
  float *y_transposed;   // [keys, chunk]
  float *pairs[2];       // [chunk * reads, chunk]: what row i reads of what token j writes
  float *free;           // What is left.
} channel_chunk;

CK_INLINE int channel_reads(int rule) { return rule == CK_CHANNEL_ADDITIVE ? 1 : 2; }
CK_INLINE int channel_writes(int rule) { return rule == CK_CHANNEL_LOW_RANK ? 2 : 1; }

static channel_chunk channel_chunk_in(const ck_channel_head *head, float *scratch) {
  channel_chunk c = {.free = scratch, .chunk = ck_channel_chunk(head->shape)};
  c.reads = channel_reads(head->shape.rule);
  c.writes = channel_writes(head->shape.rule);
  c.keys = padded(head->shape.key_dimension);
  c.values = padded(head->shape.value_dimension);
  const long rows = c.chunk * c.keys, blocks = rows / CK_PAD, block = CK_PAD * c.keys;
  float **of_rows[] = {&c.q, &c.k, &c.before, &c.after};
  for (int i = 0; i < 4; i++) *of_rows[i] = take(&c.free, rows);
  float **of_blocks[] = {&c.total, &c.earlier, &c.later};
  for (int i = 0; i < 3; i++) *of_blocks[i] = take(&c.free, blocks);
  c.all = take(&c.free, c.keys);
  c.beta = take(&c.free, c.chunk);
  // The products within a block look at rows of the next one.
  c.decay = take(&c.free, rows + block);
  c.x = take(&c.free, (rows + block) * c.reads);
  c.x_block = take(&c.free, rows * c.reads);
  c.x_chunk = take(&c.free, rows * c.reads);
  c.y_transposed = take(&c.free, rows);
  for (int w = 0; w < c.writes; w++) {
    c.y[w] = take(&c.free, rows);
    c.y_block[w] = take(&c.free, rows);
    c.y_chunk[w] = take(&c.free, rows);
    c.pairs[w] = take(&c.free, c.reads * c.chunk * c.chunk);
    memset(c.pairs[w], 0, sizeof(float) * (size_t)(c.reads * c.chunk * c.chunk));
  }
  return c;
}

/// Loads a chunk. Tokens past the end neither decay nor write.
CK_INLINE void channel_load(const int rule, const ck_channel_head *head, long start, long count, long rows,
                            channel_chunk *c) {
  const long width = head->shape.key_dimension, keys = c->keys;
  load_rows(count, rows, width, head->q + start * head->ldq, head->ldq, c->q);
  load_rows(count, rows, width, head->k + start * head->ldk, head->ldk, c->k);
  load_rows(count, rows, width, head->g + start * head->ldg, head->ldg, c->decay);
  if (rule == CK_CHANNEL_DELTA) {
    for (long i = 0; i < count; i++) c->beta[i] = head->beta[(start + i) * head->ldb];
    for (long i = count; i < rows; i++) c->beta[i] = 0;
    scale_rows(rows, keys, c->beta, c->k, c->y[0]);
  } else {
    memcpy(c->y[0], c->k, sizeof(float) * (size_t)(rows * keys));
  }
  if (rule == CK_CHANNEL_LOW_RANK) {
    load_rows(count, rows, width, head->w + start * head->ldw, head->ldw, c->y[1]);
    // Into the place of the scaled rows, from where they go to every second row.
    load_rows(count, rows, width, head->r + start * head->ldr, head->ldr, c->x_chunk);
    for (long i = 0; i < rows; i++)
      memcpy(c->x + (2 * i + 1) * keys, c->x_chunk + i * keys, sizeof(float) * (size_t)keys);
  }
}

/// Scales what reads by the decays before it, and finds those of the blocks and of the chunk.
CK_INLINE void channel_scale_reads(const int rule, float scale, long rows, channel_chunk *c) {
  const int reads = rule == CK_CHANNEL_ADDITIVE ? 1 : 2;
  const long keys = c->keys;
  for (long j = 0; j < keys; j += W) {
    vf chunk = 1;
    for (long block = 0; block < rows; block += CK_PAD) {
      vf before = 1;
      v_store(c->earlier + block / CK_PAD * keys + j, chunk);
      for (long i = block; i < block + CK_PAD; i++) {
        const long at = i * keys + j, row = i * reads * keys + j;
        const vf decay = v_exp_nonpositive(v_load(c->decay + at));
        vf x[2] = {v_load(c->q + at) * scale * decay};
        if (rule == CK_CHANNEL_DELTA) x[1] = v_load(c->k + at) * decay;
        if (rule == CK_CHANNEL_LOW_RANK) x[1] = v_load(c->x + row + keys);
        v_store(c->decay + at, decay);
        v_store(c->before + at, before);
        CK_UNROLL for (int s = 0; s < reads; s++) {
          v_store(c->x + row + s * keys, x[s]);
          x[s] *= before;
          v_store(c->x_block + row + s * keys, x[s]);
          v_store(c->x_chunk + row + s * keys, x[s] * chunk);
        }
        before *= decay;
      }
      v_store(c->total + block / CK_PAD * keys + j, before);
      chunk *= before;
    }
    v_store(c->all + j, chunk);
  }
}

/// Scales what is written with by the decays after it.
CK_INLINE void channel_scale_writes(const int writes, long rows, channel_chunk *c) {
  const long keys = c->keys;
  for (long j = 0; j < keys; j += W) {
    vf chunk = 1;
    for (long block = rows - CK_PAD; block >= 0; block -= CK_PAD) {
      vf after = 1;
      v_store(c->later + block / CK_PAD * keys + j, chunk);
      for (long i = block + CK_PAD - 1; i >= block; i--) {
        const long at = i * keys + j;
        v_store(c->after + at, after);
        CK_UNROLL for (int w = 0; w < writes; w++) {
          vf y = v_load(c->y[w] + at) * after;
          v_store(c->y_block[w] + at, y);
          v_store(c->y_chunk[w] + at, y * chunk);
        }
        after *= v_load(c->decay + at);
      }
      chunk *= after;
    }
  }
}
