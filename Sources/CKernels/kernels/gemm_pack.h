// Packing of right-hand sides into panels of CK_PANEL columns: panel[p * CK_PANEL + j], zero beyond the last column.
#pragma once

/// Of two vectors, exchanges the lanes that are d apart: those with bit d of *low against those without of *high.
CK_INLINE void v_exchange(const int d, vf *low, vf *high) {
  const vf x = *low, y = *high;
  vf first = x, second = y;
#if W == 16
  if (d == 8) {
    first = __builtin_shufflevector(x, y, 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23);
    second = __builtin_shufflevector(x, y, 8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31);
  } else if (d == 4) {
    first = __builtin_shufflevector(x, y, 0, 1, 2, 3, 16, 17, 18, 19, 8, 9, 10, 11, 24, 25, 26, 27);
    second = __builtin_shufflevector(x, y, 4, 5, 6, 7, 20, 21, 22, 23, 12, 13, 14, 15, 28, 29, 30, 31);
  } else if (d == 2) {
    first = __builtin_shufflevector(x, y, 0, 1, 16, 17, 4, 5, 20, 21, 8, 9, 24, 25, 12, 13, 28, 29);
    second = __builtin_shufflevector(x, y, 2, 3, 18, 19, 6, 7, 22, 23, 10, 11, 26, 27, 14, 15, 30, 31);
  } else if (d == 1) {
    first = __builtin_shufflevector(x, y, 0, 16, 2, 18, 4, 20, 6, 22, 8, 24, 10, 26, 12, 28, 14, 30);
    second = __builtin_shufflevector(x, y, 1, 17, 3, 19, 5, 21, 7, 23, 9, 25, 11, 27, 13, 29, 15, 31);
  }
#elif W == 8
  if (d == 4) {
    first = __builtin_shufflevector(x, y, 0, 1, 2, 3, 8, 9, 10, 11);
    second = __builtin_shufflevector(x, y, 4, 5, 6, 7, 12, 13, 14, 15);
  } else if (d == 2) {
    first = __builtin_shufflevector(x, y, 0, 1, 8, 9, 4, 5, 12, 13);
    second = __builtin_shufflevector(x, y, 2, 3, 10, 11, 6, 7, 14, 15);
  } else if (d == 1) {
    first = __builtin_shufflevector(x, y, 0, 8, 2, 10, 4, 12, 6, 14);
    second = __builtin_shufflevector(x, y, 1, 9, 3, 11, 5, 13, 7, 15);
  }
#else
  if (d == 2) {
    first = __builtin_shufflevector(x, y, 0, 1, 4, 5);
    second = __builtin_shufflevector(x, y, 2, 3, 6, 7);
  } else if (d == 1) {
    first = __builtin_shufflevector(x, y, 0, 4, 2, 6);
    second = __builtin_shufflevector(x, y, 1, 5, 3, 7);
  }
#endif
  *low = first;
  *high = second;
}

/// Transposes W vectors of W lanes.
CK_INLINE void v_transpose(vf x[W]) {
  CK_UNROLL for (int d = W / 2; d >= 1; d /= 2) {
    CK_UNROLL for (int i = 0; i < W; i++) {
      if (!(i & d)) v_exchange(d, &x[i], &x[i + d]);
    }
  }
}

/// One panel of at most CK_PANEL columns out of b stored as [k, n].
static void pack_panel(long columns, long k, const float *b, long ldb, float *panel) {
  for (long p = 0; p < k; p++, b += ldb, panel += CK_PANEL) {
    CK_UNROLL for (long j = 0; j < CK_PANEL; j += W) {
      long left = columns - j;
      v_store(panel + j, left >= W ? v_load(b + j) : v_load_partial(b + j, left > 0 ? left : 0));
    }
  }
}

/// One panel of at most CK_PANEL columns out of b stored as [n, k].
static void pack_panel_transposed(long columns, long k, const float *b, long ldb, float *panel) {
  for (long j = 0; j < CK_PANEL; j += W) {
    for (long p = 0; p < k; p += W) {
      vf x[W];
      const long depth = k - p < W ? k - p : W;
      const float *from = b + j * ldb + p;
      if (depth == W && columns - j >= W) {
        CK_UNROLL for (int i = 0; i < W; i++) x[i] = v_load(from + i * ldb);
      } else {
        CK_UNROLL for (int i = 0; i < W; i++) {
          x[i] = j + i < columns ? v_load_partial(from + i * ldb, depth) : (vf)0.0f;
        }
      }
      v_transpose(x);
      float *to = panel + p * CK_PANEL + j;
      if (depth == W) {
        CK_UNROLL for (int i = 0; i < W; i++) v_store(to + i * CK_PANEL, x[i]);
      } else {
        CK_UNROLL for (int i = 0; i < W; i++) {
          if (i < depth) v_store(to + i * CK_PANEL, x[i]);
        }
      }
    }
  }
}

/// op(B), k x n, as panels that are `stride` floats apart.
CK_INLINE void pack_panels(int transpose_b, long n, long k, const float *b, long ldb, float *packed, long stride) {
  for (long j = 0; j < n; j += CK_PANEL, packed += stride) {
    long columns = n - j < CK_PANEL ? n - j : CK_PANEL;
    if (transpose_b)
      pack_panel_transposed(columns, k, b + j * ldb, ldb, packed);
    else
      pack_panel(columns, k, b + j, ldb, packed);
  }
}

static void isa_pack_b(int transpose_b, long n, long k, const float *b, long ldb, float *packed) {
  pack_panels(transpose_b, n, k, b, ldb, packed, k * CK_PANEL);
}
