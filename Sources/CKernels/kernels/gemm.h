// Matrix products out of tiles.
#pragma once

#pragma STDC FP_CONTRACT ON

/// Rows up to which a right-hand side that lies as [k, n] is read where it is: packing would not pay.
#define CK_DIRECT_ROWS 96

/// C = alpha op(A) B + beta C for a B of panels: b(p, j) is b[(j / CK_PANEL) * stride + p * ldb + j % CK_PANEL].
///
/// Packed panels have ldb = CK_PANEL; a matrix as it lies is a row of panels with stride = CK_PANEL, but then its
/// columns must be a multiple of W, because whole vectors are read. All of k is taken in one go.
CK_INLINE void gemm_product(int transpose_a, long m, long n, long k, float alpha, const float *a, long lda,
                            const float *b, long stride, long ldb, float beta, float *c, long ldc) {
  const int side = transpose_a != 0;
  const long row = side ? 1 : lda;
  int height = 0;
  for (long i = 0; i < m; i += gemm_tiles[height].rows) {
    while (gemm_tiles[height].rows > m - i) height++;
    for (long j = 0; j < n; j += CK_TILE_COLUMNS) {
      const long columns = n - j < CK_TILE_COLUMNS ? n - j : CK_TILE_COLUMNS;
      gemm_tiles[height].tile[side][columns > W](k, alpha, a + i * row, lda,
                                                 b + j / CK_PANEL * stride + j % CK_PANEL, ldb, beta,
                                                 c + i * ldc + j, ldc, columns);
    }
  }
}

/// A product whose right-hand side is read where it lies, its last columns excepted.
static void gemm_direct(int transpose_a, long m, long n, long k, float alpha, const float *a, long lda,
                        const float *b, long ldb, float beta, float *c, long ldc) {
  const long whole = n - n % W;
  gemm_product(transpose_a, m, whole, k, alpha, a, lda, b, CK_PANEL, ldb, beta, c, ldc);
  if (whole == n) return;
  pack_panel(n - whole, k, b + whole, ldb, ck_pack_buffer);
  gemm_product(transpose_a, m, n - whole, k, alpha, a, lda, ck_pack_buffer, 0, CK_PANEL, beta, c + whole, ldc);
}

/// Few rows times a B stored as [n, k]: inner products, four columns at a time, without any packing.
CK_INLINE void gemm_inner_rows(const int rows, long n, long k, float alpha, const float *a, long lda, const float *b,
                               long ldb, float beta, float *c, long ldc) {
  for (long j = 0; j < n; j += 4) {
    vf sum[3][4];
    const float *column[4];
    CK_UNROLL for (int q = 0; q < 4; q++) column[q] = b + (j + q < n ? j + q : n - 1) * ldb;
    CK_UNROLL for (int i = 0; i < rows; i++) {
      CK_UNROLL for (int q = 0; q < 4; q++) sum[i][q] = 0;
    }
    for (long p = 0; p < k; p += W) {
      const long left = k - p;
      vf x[3];
      CK_UNROLL for (int i = 0; i < rows; i++) {
        x[i] = left >= W ? v_load(a + i * lda + p) : v_load_partial(a + i * lda + p, left);
      }
      CK_UNROLL for (int q = 0; q < 4; q++) {
        vf y = left >= W ? v_load(column[q] + p) : v_load_partial(column[q] + p, left);
        CK_UNROLL for (int i = 0; i < rows; i++) sum[i][q] = x[i] * y + sum[i][q];
      }
    }
    for (int i = 0; i < rows; i++) {
      for (int q = 0; q < 4 && j + q < n; q++) {
        float *to = c + i * ldc + j + q;
        float x = alpha * v_sum(sum[i][q]);
        *to = beta == 0 ? x : beta * *to + x;
      }
    }
  }
}

static void gemm_inner(long m, long n, long k, float alpha, const float *a, long lda, const float *b, long ldb,
                       float beta, float *c, long ldc) {
  if (m == 3) gemm_inner_rows(3, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
  if (m == 2) gemm_inner_rows(2, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
  if (m == 1) gemm_inner_rows(1, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
}

/// C = beta C.
static void gemm_scale(long m, long n, float beta, float *c, long ldc) {
  for (long i = 0; i < m; i++)
    for (long j = 0; j < n; j++) c[i * ldc + j] = beta == 0 ? 0 : beta * c[i * ldc + j];
}

/// The length of the first block of the k steps that are left: equal blocks, the same for all kinds of product.
CK_INLINE long gemm_block(long left) {
  long blocks = (left + CK_BLOCK_K - 1) / CK_BLOCK_K;
  return (left + blocks - 1) / blocks;
}

static void isa_gemm(int transpose_a, int transpose_b, long m, long n, long k, float alpha, const float *a, long lda,
                     const float *b, long ldb, float beta, float *c, long ldc) {
  if (m <= 0 || n <= 0) return;
  if (k <= 0) return gemm_scale(m, n, beta, c, ldc);
  if (transpose_b && m < 4 && !transpose_a) return gemm_inner(m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
  for (long p = 0; p < k;) {
    const long depth = gemm_block(k - p);
    const float *left = a + (transpose_a ? p * lda : p);
    const float keep = p == 0 ? beta : 1;
    if (!transpose_b && m <= CK_DIRECT_ROWS) {
      gemm_direct(transpose_a, m, n, depth, alpha, left, lda, b + p * ldb, ldb, keep, c, ldc);
    } else {
      for (long j = 0; j < n; j += CK_BLOCK_N) {
        const long columns = n - j < CK_BLOCK_N ? n - j : CK_BLOCK_N;
        const float *right = transpose_b ? b + j * ldb + p : b + p * ldb + j;
        pack_panels(transpose_b, columns, depth, right, ldb, ck_pack_buffer, depth * CK_PANEL);
        gemm_product(transpose_a, m, columns, depth, alpha, left, lda, ck_pack_buffer, depth * CK_PANEL, CK_PANEL,
                     keep, c + j, ldc);
      }
    }
    p += depth;
  }
}

static void isa_gemm_packed(int transpose_a, long m, long n, long k, float alpha, const float *a, long lda,
                            const float *packed, float beta, float *c, long ldc) {
  if (m <= 0 || n <= 0) return;
  if (k <= 0) return gemm_scale(m, n, beta, c, ldc);
  for (long p = 0; p < k;) {
    const long depth = gemm_block(k - p);
    gemm_product(transpose_a, m, n, depth, alpha, a + (transpose_a ? p * lda : p), lda, packed + p * CK_PANEL,
                 k * CK_PANEL, CK_PANEL, p == 0 ? beta : 1, c, ldc);
    p += depth;
  }
}
