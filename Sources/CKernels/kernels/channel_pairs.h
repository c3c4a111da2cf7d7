// What the rows of a chunk read of what earlier tokens of it wrote: sum over channels of x_i y_j times the decays of the
// tokens between the two; and the gradients of that.
#pragma once

#pragma STDC FP_CONTRACT ON

/// Pairs of which the sums are held at a time, for each side that reads.
#define CHANNEL_GROUP(reads) (W / (reads))

/// Pairs of token j of a block with `CHANNEL_GROUP` rows from `first` on: y_j times the decays up to the row, carried in
/// `held` from group to group, times the row. Writes one sum for each side and row, and may look past the block.
CK_INLINE vf channel_pairs_group(const int reads, long keys, const float *y, const float *x, const float *decay,
                                 float *held) {
  vf sum[W];
  CK_UNROLL for (int p = 0; p < W; p++) sum[p] = 0;
  for (long c = 0; c < keys; c += W) {
    vf z = v_load(y + c);
    CK_UNROLL for (int i = 0; i < CHANNEL_GROUP(reads); i++) {
      CK_UNROLL for (int s = 0; s < reads; s++) {
        sum[s * CHANNEL_GROUP(reads) + i] =
            z * v_load(x + (i * reads + s) * keys + c) + sum[s * CHANNEL_GROUP(reads) + i];
      }
      z *= v_load(decay + i * keys + c);
    }
    v_store(held + c, z);
  }
  return v_sums(sum);
}

/// The pairs within a block, below the diagonal: `pairs` is the block of the diagonal.
CK_INLINE void channel_pairs_inside(const int reads, long keys, long chunk, const float *y, const float *x,
                                    const float *decay, float *held, float *pairs) {
  // Column by column, side by side; rows past the block go to the second half.
  float columns[CK_PAD][2][2 * CK_PAD];
  for (long j = 0; j < CK_PAD - 1; j++) {
    for (long i = j + 1; i < CK_PAD; i += CHANNEL_GROUP(reads)) {
      const float *from = i == j + 1 ? y + j * keys : held;
      float sums[W];
      v_store(sums, channel_pairs_group(reads, keys, from, x + i * reads * keys, decay + i * keys, held));
      CK_UNROLL for (int s = 0; s < reads; s++) {
        memcpy(columns[j][s] + i, sums + s * CHANNEL_GROUP(reads), sizeof(float) * CHANNEL_GROUP(reads));
      }
    }
  }
  CK_UNROLL for (int s = 0; s < reads; s++) {
    block_transpose(CK_PAD, CK_PAD, columns[0][s], 4 * CK_PAD, pairs + s * chunk, reads * chunk);
  }
  for (long i = 0; i < CK_PAD * reads; i++) {
    for (long j = 0; j < CK_PAD; j += W)
      v_store(pairs + i * chunk + j, v_keep(v_load(pairs + i * chunk + j), i / reads, j));
  }
}

/// Rows of `rows`, `stride` apart, times those of one row.
CK_INLINE void channel_rescale(long count, long keys, const float *by, float *rows) {
  for (long i = 0; i < count; i++) {
    for (long j = 0; j < keys; j += W) v_store(rows + i * keys + j, v_load(rows + i * keys + j) * v_load(by + j));
  }
}

/// All pairs. The blocks of the diagonal become strictly lower triangular, but for q's own token.
CK_INLINE void channel_pairs(const int reads, const int writes, float scale, long rows, channel_chunk *c) {
  const long keys = c->keys, chunk = c->chunk;
  for (int w = 0; w < writes; w++) {
    float *own = c->y_transposed;
    for (long block = CK_PAD; block < rows; block += CK_PAD) {
      // From the start of the last block to that of this one.
      const long last = block - CK_PAD;
      const float *total = c->total + last / CK_PAD * keys;
      for (long i = 0; i < keys; i++) {
        vf by = total[i];
        for (long j = 0; j < last; j += W) v_store(own + i * chunk + j, v_load(own + i * chunk + j) * by);
      }
      block_transpose(CK_PAD, keys, c->y_block[w] + last * keys, keys, own + last, chunk);
      block_product(0, CK_PAD * reads, block, keys, 1, c->x_block + block * reads * keys, keys, own, chunk, 0,
                    c->pairs[w] + block * reads * chunk, chunk);
    }
    // The room of the transposed rows is free for the others.
    float *held = own, *dots = own + keys;
    for (long block = 0; block < rows; block += CK_PAD) {
      channel_pairs_inside(reads, keys, chunk, c->y[w] + block * keys, c->x + block * reads * keys,
                           c->decay + block * keys, held, c->pairs[w] + block * reads * chunk + block);
    }
    row_dots(rows, keys, c->q, c->y[w], dots);
    for (long i = 0; i < rows; i++) c->pairs[w][i * reads * chunk + i] = scale * dots[i];
  }
}

/// The gradients of pairs within a block, below the diagonal, added to those of the rows and of what was written.
///
/// Each is a sum over pairs of a gradient, the other side and the decays between: by Horner's rule, with the nearest
/// token last.
CK_INLINE void channel_pairs_inside_backward(const int vectors, const int reads, const int writes, long keys,
                                             long chunk, float *const dpairs[2], const float *const y[2],
                                             const float *x, const float *decay, float *dx, float *const dy[2]) {
  for (long i = 1; i < CK_PAD; i++) {
    vf sum[2][2];
    CK_UNROLL for (int s = 0; s < reads; s++) {
      CK_UNROLL for (int v = 0; v < vectors; v++) sum[s][v] = 0;
    }
    for (long j = 0; j < i; j++) {
      CK_UNROLL for (int v = 0; v < vectors; v++) {
        const vf by = v_load(decay + j * keys + v * W);
        CK_UNROLL for (int s = 0; s < reads; s++) {
          vf own = v_load(y[0] + j * keys + v * W) * dpairs[0][(i * reads + s) * chunk + j];
          if (writes > 1) own = v_load(y[1] + j * keys + v * W) * dpairs[1][(i * reads + s) * chunk + j] + own;
          sum[s][v] = sum[s][v] * by + own;
        }
      }
    }
    CK_UNROLL for (int s = 0; s < reads; s++) {
      CK_UNROLL for (int v = 0; v < vectors; v++) {
        float *to = dx + (i * reads + s) * keys + v * W;
        v_store(to, v_load(to) + sum[s][v]);
      }
    }
  }
  for (long j = CK_PAD - 2; j >= 0; j--) {
    vf sum[2][2];
    CK_UNROLL for (int w = 0; w < writes; w++) {
      CK_UNROLL for (int v = 0; v < vectors; v++) sum[w][v] = 0;
    }
    for (long i = CK_PAD - 1; i > j; i--) {
      CK_UNROLL for (int v = 0; v < vectors; v++) {
        const vf by = v_load(decay + i * keys + v * W);
        CK_UNROLL for (int w = 0; w < writes; w++) {
          vf own = v_load(x + i * reads * keys + v * W) * dpairs[w][i * reads * chunk + j];
          if (reads > 1) own = v_load(x + (i * reads + 1) * keys + v * W) * dpairs[w][(i * reads + 1) * chunk + j] + own;
          sum[w][v] = sum[w][v] * by + own;
        }
      }
    }
    CK_UNROLL for (int w = 0; w < writes; w++) {
      CK_UNROLL for (int v = 0; v < vectors; v++) {
        float *to = dy[w] + j * keys + v * W;
        v_store(to, v_load(to) + sum[w][v]);
      }
    }
  }
}

/// The gradients of all pairs but those of q with its own token: written to dx (of x) and dy (of y). The rows scaled
/// within their blocks are used up.
CK_INLINE void channel_pairs_backward(const int reads, const int writes, long rows, float *const dpairs[2],
                                      channel_chunk *c, float *dx, float *const dy[2]) {
  const long keys = c->keys, chunk = c->chunk, block_keys = CK_PAD * keys;
  memset(dx, 0, sizeof(float) * (size_t)(reads * block_keys));
  for (long block = CK_PAD; block < rows; block += CK_PAD) {
    for (int w = 0; w < writes; w++) {
      if (block > CK_PAD) {
        channel_rescale(block - CK_PAD, keys, c->total + (block / CK_PAD - 1) * keys, c->y_block[w]);
      }
      block_product(0, CK_PAD * reads, keys, block, 1, dpairs[w] + block * reads * chunk, chunk, c->y_block[w], keys,
                    w > 0, dx + block * reads * keys, keys);
    }
    for (long i = block; i < block + CK_PAD; i++) {
      for (long j = 0; j < keys; j += W) {
        const vf before = v_load(c->before + i * keys + j);
        CK_UNROLL for (int s = 0; s < reads; s++) {
          float *to = dx + (i * reads + s) * keys + j;
          v_store(to, v_load(to) * before);
        }
      }
    }
  }
  for (int w = 0; w < writes; w++) memset(dy[w] + (rows - CK_PAD) * keys, 0, sizeof(float) * (size_t)block_keys);
  for (long block = rows - 2 * CK_PAD; block >= 0; block -= CK_PAD) {
    // Rows after the block, relative to its end.
    const long next = block + CK_PAD, left = (rows - next) * reads;
    float *after = c->x_block + next * reads * keys;
    if (left > CK_PAD * reads) {
      channel_rescale(left - CK_PAD * reads, keys, c->total + next / CK_PAD * keys, after + reads * block_keys);
    }
    for (int w = 0; w < writes; w++) {
      float *to = dy[w] + block * keys;
      block_product(1, CK_PAD, keys, left, 1, dpairs[w] + next * reads * chunk + block, chunk, after, keys, 0, to, keys);
      for (long i = 0; i < block_keys; i += W) {
        v_store(to + i, v_load(to + i) * v_load(c->after + block * keys + i));
      }
    }
  }
  for (long block = 0; block < rows; block += CK_PAD) {
    const long pair = block * reads * chunk + block;
    long j = 0;
    for (; j < keys;) {
      const int vectors = j + 2 * W <= keys ? 2 : 1;
      const long at = block * keys + j, row = block * reads * keys + j;
      float *const own[2] = {dpairs[0] + pair, writes > 1 ? dpairs[1] + pair : NULL};
      const float *const from[2] = {c->y[0] + at, writes > 1 ? c->y[1] + at : NULL};
      float *const to[2] = {dy[0] + at, writes > 1 ? dy[1] + at : NULL};
      if (vectors == 2)
        channel_pairs_inside_backward(2, reads, writes, keys, chunk, own, from, c->x + row, c->decay + at, dx + row, to);
      else
        channel_pairs_inside_backward(1, reads, writes, keys, chunk, own, from, c->x + row, c->decay + at, dx + row, to);
      j += vectors * W;
    }
  }
}
