// Vectors of CK_WIDTH floats, in the compiler's portable vector extension.
#pragma once

#define W CK_WIDTH
/// A function that must become part of its caller: its constant arguments select code.
#define CK_INLINE static inline __attribute__((always_inline, unused))
#define CK_UNROLL _Pragma("clang loop unroll(full)")

typedef float vf __attribute__((ext_vector_type(W)));
typedef int32_t vi __attribute__((ext_vector_type(W)));
typedef double vd __attribute__((ext_vector_type(W)));
typedef float vf_unaligned __attribute__((ext_vector_type(W), aligned(4), may_alias));

CK_INLINE vf v_set(float x) { return (vf)x; }
CK_INLINE vf v_load(const float *p) { return *(const vf_unaligned *)p; }
CK_INLINE void v_store(float *p, vf x) { *(vf_unaligned *)p = x; }

/// The first n (0 ... W) elements; the others are zero and their memory is not touched.
CK_INLINE vf v_load_partial(const float *p, long n) {
#if defined(CK_TARGET_AVX512)
  return (vf)_mm512_maskz_loadu_ps((__mmask16)((1u << n) - 1), p);
#elif defined(CK_TARGET_AVX2)
  vi lane = {0, 1, 2, 3, 4, 5, 6, 7};
  return (vf)_mm256_maskload_ps(p, (__m256i)(lane < (vi)(int32_t)n));
#else
  vf x = 0;
  for (long i = 0; i < W; i++)
    if (i < n) x[i] = p[i];
  return x;
#endif
}

/// Stores the first n (0 ... W) elements.
CK_INLINE void v_store_partial(float *p, vf x, long n) {
#if defined(CK_TARGET_AVX512)
  _mm512_mask_storeu_ps(p, (__mmask16)((1u << n) - 1), (__m512)x);
#elif defined(CK_TARGET_AVX2)
  vi lane = {0, 1, 2, 3, 4, 5, 6, 7};
  _mm256_maskstore_ps(p, (__m256i)(lane < (vi)(int32_t)n), (__m256)x);
#else
  for (long i = 0; i < W; i++)
    if (i < n) p[i] = x[i];
#endif
}

/// mask ? x : y, where mask is the result of a comparison.
CK_INLINE vf v_select(vi mask, vf x, vf y) { return mask ? x : y; }
/// The greater; y if either is NaN.
CK_INLINE vf v_max(vf x, vf y) { return x > y ? x : y; }
/// The smaller; y if either is NaN.
CK_INLINE vf v_min(vf x, vf y) { return x < y ? x : y; }
CK_INLINE vi v_bits(vf x) { return (vi)x; }
CK_INLINE vf v_from_bits(vi x) { return (vf)x; }
CK_INLINE vf v_sqrt(vf x) { return __builtin_elementwise_sqrt(x); }

// Exchanges of lanes a distance apart, for reductions and transposes.
#if W == 16
#define CK_SWAP8(x) __builtin_shufflevector(x, x, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7)
#define CK_SWAP4(x) __builtin_shufflevector(x, x, 4, 5, 6, 7, 0, 1, 2, 3, 12, 13, 14, 15, 8, 9, 10, 11)
#define CK_SWAP2(x) __builtin_shufflevector(x, x, 2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13)
#define CK_SWAP1(x) __builtin_shufflevector(x, x, 1, 0, 3, 2, 5, 4, 7, 6, 9, 8, 11, 10, 13, 12, 15, 14)
#elif W == 8
#define CK_SWAP4(x) __builtin_shufflevector(x, x, 4, 5, 6, 7, 0, 1, 2, 3)
#define CK_SWAP2(x) __builtin_shufflevector(x, x, 2, 3, 0, 1, 6, 7, 4, 5)
#define CK_SWAP1(x) __builtin_shufflevector(x, x, 1, 0, 3, 2, 5, 4, 7, 6)
#else
#define CK_SWAP2(x) __builtin_shufflevector(x, x, 2, 3, 0, 1)
#define CK_SWAP1(x) __builtin_shufflevector(x, x, 1, 0, 3, 2)
#endif

/// The sum of the lanes, pairwise.
CK_INLINE float v_sum(vf x) {
#if W >= 16
  x += CK_SWAP8(x);
#endif
#if W >= 8
  x += CK_SWAP4(x);
#endif
  x += CK_SWAP2(x);
  x += CK_SWAP1(x);
  return x[0];
}

/// The greatest lane, NaN ignored unless all are.
CK_INLINE float v_greatest(vf x) {
#if W >= 16
  x = v_max(x, CK_SWAP8(x));
#endif
#if W >= 8
  x = v_max(x, CK_SWAP4(x));
#endif
  x = v_max(x, CK_SWAP2(x));
  x = v_max(x, CK_SWAP1(x));
  return x[0];
}

/// The sum of the lanes in double precision, in order of the lanes.
CK_INLINE double v_sum_double(const vd *x) {
  double sum = 0;
  for (int i = 0; i < W; i++) sum += (*x)[i];
  return sum;
}
