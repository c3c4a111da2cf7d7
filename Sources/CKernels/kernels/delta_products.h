// Products and transposes of the chunked recurrences: small matrices in cache, rows and columns padded to CK_PAD
// floats, so that there are no edges.
#pragma once

#pragma STDC FP_CONTRACT ON

/// A multiple of every vector width, and the block size of triangles.
#define CK_PAD 16

typedef int32_t vi_unaligned __attribute__((ext_vector_type(W), aligned(4), may_alias));

CK_INLINE long padded(long count) { return (count + CK_PAD - 1) / CK_PAD * CK_PAD; }

/// C (m x n) = sign op(A) B + keep C.
static void block_product(int transpose_a, long m, long n, long k, float sign, const float *a, long lda,
                          const float *b, long ldb, float keep, float *c, long ldc) {
  gemm_product(transpose_a, m, n, k, sign, a, lda, b, CK_PANEL, ldb, keep, c, ldc);
}

/// The lower triangle, in blocks, of C = A B for square C (rows x rows). The rest is not touched.
static void lower_product(long rows, long k, const float *a, long lda, const float *b, long ldb, float *c, long ldc) {
  for (long i = 0; i < rows; i += CK_PAD)
    block_product(0, CK_PAD, i + CK_PAD, k, 1, a + i * lda, lda, b, ldb, 0, c + i * ldc, ldc);
}

/// C (rows x n) = sign L B + keep C for a lower triangular L (rows x rows) that has zeros above the diagonal.
static void lower_times(long rows, long n, float sign, const float *lower, long ldl, const float *b, long ldb,
                        float keep, float *c, long ldc) {
  for (long i = 0; i < rows; i += CK_TILE_ROWS) {
    const long height = rows - i < CK_TILE_ROWS ? rows - i : CK_TILE_ROWS;
    block_product(0, height, n, i + height, sign, lower + i * ldl, ldl, b, ldb, keep, c + i * ldc, ldc);
  }
}

/// C (rows x n) = sign L' B + keep C for a lower triangular L (rows x rows) that has zeros above the diagonal.
static void lower_transposed_times(long rows, long n, float sign, const float *lower, long ldl, const float *b,
                                   long ldb, float keep, float *c, long ldc) {
  for (long i = 0; i < rows; i += CK_TILE_ROWS) {
    const long height = rows - i < CK_TILE_ROWS ? rows - i : CK_TILE_ROWS;
    block_product(1, height, n, rows - i, sign, lower + i * ldl + i, ldl, b + i * ldb, ldb, keep, c + i * ldc, ldc);
  }
}

/// to (columns x rows) = the transpose of from (rows x columns), both multiples of CK_PAD.
static void block_transpose(long rows, long columns, const float *from, long ldf, float *to, long ldt) {
  for (long i = 0; i < rows; i += W) {
    for (long j = 0; j < columns; j += W) {
      vf x[W];
      CK_UNROLL for (int p = 0; p < W; p++) x[p] = v_load(from + (i + p) * ldf + j);
      v_transpose(x);
      CK_UNROLL for (int p = 0; p < W; p++) v_store(to + (j + p) * ldt + i, x[p]);
    }
  }
}

/// Copies `count` tokens of `width` floats into rows of padded(width) floats; the rest up to `rows` becomes zero.
static void load_rows(long count, long rows, long width, const float *from, long ld, float *to) {
  const long whole = width - width % W, full = padded(width);
  for (long i = 0; i < count; i++, from += ld, to += full) {
    for (long j = 0; j < whole; j += W) v_store(to + j, v_load(from + j));
    for (long j = whole; j < full; j += W) v_store(to + j, j < width ? v_load_partial(from + j, width - j) : (vf)0.0f);
  }
  for (long j = 0; j < (rows - count) * full; j += W) v_store(to + j, (vf)0.0f);
}

/// Writes or adds the first `width` floats of `count` padded rows to tokens.
static void store_rows(long count, long width, const float *from, float *to, long ld, int accumulate) {
  const long whole = width - width % W, full = padded(width);
  for (long i = 0; i < count; i++, from += full, to += ld) {
    for (long j = 0; j < whole; j += W) v_store(to + j, accumulate ? v_load(to + j) + v_load(from + j) : v_load(from + j));
    if (whole < width) {
      vf x = v_load(from + whole);
      if (accumulate) x += v_load_partial(to + whole, width - whole);
      v_store_partial(to + whole, x, width - whole);
    }
  }
}

/// Rows times numbers; `to` may be `from`.
static void scale_rows(long rows, long width, const float *scale, const float *from, float *to) {
  for (long i = 0; i < rows; i++) {
    vf factor = scale[i];
    for (long j = i * width; j < (i + 1) * width; j += W) v_store(to + j, factor * v_load(from + j));
  }
}

/// The sums of the lanes of W vectors, one in each lane. x is used up.
CK_INLINE vf v_sums(vf x[W]) {
  CK_UNROLL for (int d = W / 2; d >= 1; d /= 2) {
    CK_UNROLL for (int i = 0; i < d; i++) {
      v_exchange(d, &x[i], &x[i + d]);
      x[i] += x[i + d];
    }
  }
  return x[0];
}

/// Dot products of the rows of two matrices.
static void row_dots(long rows, long width, const float *x, const float *y, float *dots) {
  for (long i = 0; i < rows; i += W, x += W * width, y += W * width) {
    vf sum[W];
    CK_UNROLL for (int r = 0; r < W; r++) sum[r] = v_load(x + r * width) * v_load(y + r * width);
    for (long j = W; j < width; j += W) {
      CK_UNROLL for (int r = 0; r < W; r++) {
        sum[r] = v_load(x + r * width + j) * v_load(y + r * width + j) + sum[r];
      }
    }
    v_store(dots + i, v_sums(sum));
  }
}

/// The part from column `lane` on of a row of a triangular block whose first n columns are kept; the others become zero.
CK_INLINE vf v_keep(vf x, long n, long lane) {
  static const int32_t mask[2 * CK_PAD] = {-1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1};
  return v_from_bits(v_bits(x) & *(const vi_unaligned *)(mask + CK_PAD - n + lane));
}

/// x *= y in the lower triangle of blocks.
CK_INLINE void lower_multiply(long rows, long ld, float *x, const float *y) {
  for (long i = 0; i < rows; i++) {
    for (long j = i * ld; j < i * ld + padded(i + 1); j += W) v_store(x + j, v_load(x + j) * v_load(y + j));
  }
}

/// Takes memory for `count` floats, whole vectors, from scratch.
CK_INLINE float *take(float **scratch, long count) {
  float *block = *scratch;
  *scratch += padded(count);
  return block;
}

/// A square of zeros from scratch. Triangles are written into it, and what is above them stays zero.
CK_INLINE float *take_square(float **scratch, long rows) {
  float *block = take(scratch, rows * rows);
  memset(block, 0, sizeof(float) * (size_t)(rows * rows));
  return block;
}
