// The micro-kernel: a tile of C of a few rows and one or two vectors of columns, held in registers.
#pragma once

#pragma STDC FP_CONTRACT ON

/// Columns of a full tile.
#define CK_TILE_COLUMNS (2 * W)

/// c[i, j] = alpha * sum over p of a(i, p) b(p, j) + beta * c[i, j] for `rows` rows and `columns` columns.
///
/// a(i, p) is a[i * lda + p], or a[i + p * lda] if `transposed`; b(p, j) is b[p * ldb + j], read in whole vectors.
/// `rows`, `vectors` and `transposed` are constants at every call.
CK_INLINE void gemm_tile(const int rows, const int vectors, const int transposed, long k, float alpha, const float *a,
                         long lda, const float *b, long ldb, float beta, float *c, long ldc, long columns) {
  vf sum[CK_TILE_ROWS][2];
  CK_UNROLL for (int i = 0; i < rows; i++) {
    CK_UNROLL for (int j = 0; j < vectors; j++) sum[i][j] = 0;
  }
  // One pointer for three rows: with one register for lda, x86 then addresses all rows directly. The empty asm keeps
  // the compiler from finding out how the pointers hang together, the second one from hoisting loads until registers
  // run out.
  const float *left[(CK_TILE_ROWS + 2) / 3];
  CK_UNROLL for (int i = 0; i < rows; i += 3) {
    left[i / 3] = transposed ? a + i : a + i * lda;
    if (!transposed) __asm__("" : "+r"(left[i / 3]));
  }
  const long row = transposed ? 1 : lda, step = transposed ? lda : 1;
#pragma clang loop unroll_count(4)
  for (long p = 0; p < k; p++) {
    vf right[2];
    CK_UNROLL for (int j = 0; j < vectors; j++) right[j] = v_load(b + j * W);
    CK_UNROLL for (int i = 0; i < rows; i++) {
      vf x = v_set(left[i / 3][i % 3 * row]);
      CK_UNROLL for (int j = 0; j < vectors; j++) sum[i][j] = x * right[j] + sum[i][j];
    }
    CK_UNROLL for (int i = 0; i < rows; i += 3) left[i / 3] += step;
    b += ldb;
    __asm__ volatile("" ::: "memory");
  }
  CK_UNROLL for (int i = 0; i < rows; i++) {
    CK_UNROLL for (int j = 0; j < vectors; j++) {
      float *to = c + i * ldc + j * W;
      long left = columns - j * W;
      vf x = sum[i][j] * alpha;
      if (left >= W) {
        if (beta != 0) x = v_load(to) * beta + x;
        v_store(to, x);
      } else {
        if (beta != 0) x = v_load_partial(to, left) * beta + x;
        v_store_partial(to, x, left);
      }
    }
  }
}

#define CK_TILE_PARAMETERS \
  long k, float alpha, const float *a, long lda, const float *b, long ldb, float beta, float *c, long ldc, long columns
typedef void gemm_tile_function(CK_TILE_PARAMETERS);

#define CK_TILE(rows, vectors, transposed)                                                     \
  static void gemm_tile_##rows##_##vectors##_##transposed(CK_TILE_PARAMETERS) {                \
    gemm_tile(rows, vectors, transposed, k, alpha, a, lda, b, ldb, beta, c, ldc, columns);     \
  }
#define CK_TILES(rows) CK_TILE(rows, 1, 0) CK_TILE(rows, 2, 0) CK_TILE(rows, 1, 1) CK_TILE(rows, 2, 1)
#define CK_TILE_ENTRY(rows)                                         \
  {{gemm_tile_##rows##_1_0, gemm_tile_##rows##_2_0},                \
   {gemm_tile_##rows##_1_1, gemm_tile_##rows##_2_1}}

CK_TILES(1)
CK_TILES(2)
CK_TILES(4)
#if CK_TILE_ROWS >= 6
CK_TILES(6)
#endif
#if CK_TILE_ROWS >= 12
CK_TILES(8)
CK_TILES(12)
#endif

/// The tiles by height: [transposed][vectors - 1].
static const struct {
  long rows;
  gemm_tile_function *tile[2][2];
} gemm_tiles[] = {
#if CK_TILE_ROWS >= 12
    {12, CK_TILE_ENTRY(12)}, {8, CK_TILE_ENTRY(8)},
#endif
#if CK_TILE_ROWS >= 6
    {6, CK_TILE_ENTRY(6)},
#endif
    {4, CK_TILE_ENTRY(4)}, {2, CK_TILE_ENTRY(2)}, {1, CK_TILE_ENTRY(1)},
};
