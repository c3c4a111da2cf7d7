// Vectorised elementary functions.
#pragma once

#pragma STDC FP_CONTRACT ON

/// 2^n as a float for -127 <= n <= 127, where 2^-127 counts as zero.
CK_INLINE vf v_power_of_two(vi n) { return v_from_bits((n + 127) << 23); }

/// p 2^n for an integral n, rounded once, where p is between 1/2 and 2.
CK_INLINE vf v_scale_by_power(vf p, vf n) {
#if defined(CK_TARGET_AVX512)
  return (vf)_mm512_scalef_ps((__m512)p, (__m512)n);
#else
  // In two factors, since 2^n itself may be out of range. Only the last product can round.
  vi whole = __builtin_convertvector(n, vi), half = whole >> 1;
  return p * v_power_of_two(half) * v_power_of_two(whole - half);
#endif
}

/// exp(x) = p 2^n: returns p, the polynomial of Cephes. x must be between -150 and 150, or NaN.
CK_INLINE vf v_exp_parts(vf x, vf *n) {
  // Adding 1.5 * 2^23 rounds to an integer.
  vf whole = (x * 1.44269504088896341f + 12582912.0f) - 12582912.0f;
  *n = whole;
  // log(2) in two parts, the first so short that its product with n is exact.
  vf r = x - whole * 0.693359375f;
  r = r - whole * -2.12194440e-4f;
  vf p = r * 1.9875691500e-4f + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  return p * (r * r) + r + 1.0f;
}

/// exp(x), right at the extremes: overflow to infinity, subnormal results, NaN.
CK_INLINE vf v_exp(vf x) {
  x = x > 89.0f ? (vf)89.0f : x;
  x = x < -104.0f ? (vf)-104.0f : x;
  vf n, p = v_exp_parts(x, &n);
  return v_scale_by_power(p, n);
}

/// exp(x) for x <= 0, which may be minus infinity; results below 2^-126 become zero. Cheaper than v_exp.
CK_INLINE vf v_exp_nonpositive(vf x) {
  x = x < -88.0f ? (vf)-88.0f : x;
  vf n, p = v_exp_parts(x, &n);
  return p * v_power_of_two(__builtin_convertvector(n, vi));
}

/// 2^x for x <= 0, which may be minus infinity, to a relative error of 1.1e-7; results below 2^-126 become zero.
/// Half the price of v_exp.
CK_INLINE vf v_exp2_nonpositive(vf x) {
  x = x < -127.0f ? (vf)-127.0f : x;
  // Adding 1.5 * 2^23 + 127 rounds to an integer, whose biased exponent is then in the low bits.
  vf shifted = x + 12583039.0f;
  vf r = x - (shifted - 12583039.0f);
  vf p = r * 1.3264723821e-3f + 9.6715129912e-3f;
  p = p * r + 5.5507335812e-2f;
  p = p * r + 2.4022242427e-1f;
  p = p * r + 6.9314700365e-1f;
  p = p * r + 1.0f;
  return p * v_from_bits(v_bits(shifted) << 23);
}

/// 1 / (1 + exp(-x)).
CK_INLINE vf v_sigmoid(vf x) { return 1.0f / (1.0f + v_exp(-x)); }

/// log(1 + exp(x)) = max(x, 0) + log1p(u), u = exp(-|x|), with log1p(u) = 2 atanh(s), s = u / (2 + u) <= 1/3.
CK_INLINE vf v_softplus(vf x) {
  vf u = v_exp(x > 0.0f ? -x : x);
  vf s = u / (2.0f + u);
  vf z = s * s;
  vf p = z * (1.0f / 15) + (1.0f / 13);
  p = p * z + (1.0f / 11);
  p = p * z + (1.0f / 9);
  p = p * z + (1.0f / 7);
  p = p * z + (1.0f / 5);
  p = p * z + (1.0f / 3);
  vf tail = 2.0f * s + 2.0f * s * (z * p);
  return x > 0.0f ? x + tail : tail;
}
