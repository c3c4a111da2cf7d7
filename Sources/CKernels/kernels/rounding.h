// Rounding of states to narrower formats.
#pragma once

#pragma STDC FP_CONTRACT OFF

typedef uint32_t vu __attribute__((ext_vector_type(W)));

#define CK_MAGNITUDE 0x7fffffffu
#define CK_INFINITY 0x7f800000u

/// The magnitude's bits with the lowest DROPPED of the fraction rounded away.
#define CK_ROUND_BITS(m, DROPPED) \
  (((m) + ((1u << ((DROPPED)-1)) - 1) + (((m) >> (DROPPED)) & 1)) & ~((1u << (DROPPED)) - 1))

/// A magnitude rounded to a fraction of 23 - dropped bits, and to multiples of `quantum` below `normal`, the format's
/// smallest normal number; at most `largest`. `shift` is 1.5 * 2^23 quanta: adding it rounds to a quantum.
CK_INLINE vu v_round_magnitude(vu m, int dropped, float normal, float shift, float largest) {
  vf small = ((vf)m + shift) - shift;
  vu r = (vf)m < normal ? (vu)small : CK_ROUND_BITS(m, dropped);
  return (vf)r > largest ? (vu)(vf)largest : r;
}

CK_INLINE vf v_round_16(int format, vf x) {
  vu u = (vu)x, m = u & CK_MAGNITUDE, r;
  if (format == CK_FORMAT_BFLOAT16) {
    // Its exponents are those of float32, subnormal numbers included.
    r = CK_ROUND_BITS(m, 16);
    r = r >= CK_INFINITY ? (vu)0x7f7f0000u : r;
  } else {
    r = v_round_magnitude(m, 13, 0x1p-14f, 0x1.8p-1f, 65504.0f);
  }
  r = m >= CK_INFINITY ? m : r;
  return (vf)(r | (u & ~CK_MAGNITUDE));
}

/// The largest number of a format with a scale.
CK_INLINE float format_largest(int format) {
  return format == CK_FORMAT_INT8 ? 127.0f : format == CK_FORMAT_INT4 ? 7.0f : 448.0f;
}

/// x / scale as a number of the format, times the scale.
CK_INLINE vf v_round_scaled(int format, vf x, vf scale) {
  vf v = x / scale;
  if (format != CK_FORMAT_FP8) {
    const float largest = format_largest(format);
    v = (v + 12582912.0f) - 12582912.0f;
    v = v > largest ? (vf)largest : v;
    v = v < -largest ? (vf)-largest : v;
  } else {
    vu u = (vu)v;
    v = (vf)(v_round_magnitude(u & CK_MAGNITUDE, 20, 0x1p-6f, 0x1.8p14f, 448.0f) | (u & ~CK_MAGNITUDE));
  }
  return v * scale;
}

/// The bits of the largest magnitude of a row. As whole numbers they are in the order of the magnitudes, and NaN is the
/// largest of all.
CK_INLINE uint32_t largest_bits(long width, const float *x) {
  vu best = 0;
  for (long i = 0; i < width; i += W) {
    vu m = (vu)(i + W <= width ? v_load(x + i) : v_load_partial(x + i, width - i)) & CK_MAGNITUDE;
    best = m > best ? m : best;
  }
  uint32_t largest = 0;
  for (int i = 0; i < W; i++) largest = best[i] > largest ? best[i] : largest;
  return largest;
}

CK_INLINE float rounding_scale(int format, long width, const float *x) {
  uint32_t bits = largest_bits(width, x);
  if (bits >= CK_INFINITY) return NAN;
  float largest;
  memcpy(&largest, &bits, 4);
  return largest / format_largest(format);
}

CK_INLINE void round_row(int format, long width, float *x) {
  const int scaled = format == CK_FORMAT_INT8 || format == CK_FORMAT_FP8 || format == CK_FORMAT_INT4;
  const float scale = scaled ? rounding_scale(format, width, x) : 1;
  // A scale of zero: nothing in the row is as large as half a step.
  const vf factor = v_set(scale == 0 ? 1 : scale), keep = v_set(scale == 0 ? 0 : 1);
  for (long i = 0; i < width; i += W) {
    const long left = width - i;
    vf v = left >= W ? v_load(x + i) : v_load_partial(x + i, left);
    v = scaled ? v_round_scaled(format, v * keep, factor) : v_round_16(format, v);
    if (left >= W)
      v_store(x + i, v);
    else
      v_store_partial(x + i, v, left);
  }
}

static void isa_round_rows(int format, long rows, long width, float *x, long ld) {
  for (long r = 0; r < rows; r++) {
    float *row = x + r * ld;
    switch (format) {
      case CK_FORMAT_BFLOAT16: round_row(CK_FORMAT_BFLOAT16, width, row); break;
      case CK_FORMAT_FLOAT16: round_row(CK_FORMAT_FLOAT16, width, row); break;
      case CK_FORMAT_INT8: round_row(CK_FORMAT_INT8, width, row); break;
      case CK_FORMAT_FP8: round_row(CK_FORMAT_FP8, width, row); break;
      case CK_FORMAT_INT4: round_row(CK_FORMAT_INT4, width, row); break;
    }
  }
}

static void isa_squared_error(long n, const float *px, const float *py, double *error, double *norm) {
  vd errors = 0, norms = 0;
  for (long i = 0; i < n; i += W) {
    const long left = n - i;
    vd x = __builtin_convertvector(left >= W ? v_load(px + i) : v_load_partial(px + i, left), vd);
    vd y = __builtin_convertvector(left >= W ? v_load(py + i) : v_load_partial(py + i, left), vd);
    errors += (x - y) * (x - y);
    norms += y * y;
  }
  *error = v_sum_double(&errors);
  *norm = v_sum_double(&norms);
}

#pragma STDC FP_CONTRACT ON
