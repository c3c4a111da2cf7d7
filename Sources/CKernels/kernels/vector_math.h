// Vectorised elementary functions.
#pragma once

#pragma STDC FP_CONTRACT ON

/// 2^n as a float for -127 <= n <= 127, where 2^-127 counts as zero.
CK_INLINE vf v_power_of_two(vi n) { return v_from_bits((n + 127) << 23); }

/// Reduces x to r = x - n log(2), |r| <= log(2) / 2, and returns exp(r): the Cephes polynomial.
CK_INLINE vf v_exp_reduced(vf x, vi *n) {
  // Adding 1.5 * 2^23 rounds to an integer, which is then in the low bits.
  const vf magic = 12582912.0f;
  vf shifted = x * 1.44269504088896341f + magic;
  vf whole = shifted - magic;
  *n = v_bits(shifted) - v_bits(magic);
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
  vi n;
  vf p = v_exp_reduced(x, &n);
  // In two factors, since 2^n itself may be out of range. Only the last product can round.
  vi half = n >> 1;
  return p * v_power_of_two(half) * v_power_of_two(n - half);
}

/// exp(x) for x <= 0, which may be minus infinity; results below 2^-126 become zero. Cheaper than v_exp.
CK_INLINE vf v_exp_nonpositive(vf x) {
  x = x < -88.0f ? (vf)-88.0f : x;
  vi n;
  vf p = v_exp_reduced(x, &n);
  return p * v_power_of_two(n);
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
