// Normalisation and softmax of rows.
#pragma once

#pragma STDC FP_CONTRACT ON

/// Elements i ... of a row of `width`: a whole vector, or what is left of it and zeros.
CK_INLINE vf row_load(const float *row, long i, long width) {
  return i + W <= width ? v_load(row + i) : v_load_partial(row + i, width - i);
}

CK_INLINE void row_store(float *row, long i, long width, vf x) {
  if (i + W <= width)
    v_store(row + i, x);
  else
    v_store_partial(row + i, x, width - i);
}

/// The inner product of two rows, in four chains.
CK_INLINE float row_dot(const float *x, const float *y, long width) {
  vf sum[4] = {0, 0, 0, 0};
  long i = 0;
  for (; i + 4 * W <= width; i += 4 * W) {
    CK_UNROLL for (int q = 0; q < 4; q++) sum[q] = v_load(x + i + q * W) * v_load(y + i + q * W) + sum[q];
  }
  for (; i < width; i += W) sum[0] = row_load(x, i, width) * row_load(y, i, width) + sum[0];
  return v_sum((sum[0] + sum[1]) + (sum[2] + sum[3]));
}

/// y = x * factor * weight (ones if NULL).
CK_INLINE void row_scale(const float *x, float factor, const float *weight, float *y, long width) {
  for (long i = 0; i < width; i += W) {
    vf z = row_load(x, i, width) * factor;
    row_store(y, i, width, weight ? z * row_load(weight, i, width) : z);
  }
}

static void isa_rms_norm_forward(long rows, long width, const float *x, long ldx, const float *weight, float epsilon,
                                 float *y, long ldy, float *inverse_rms) {
  for (long r = 0; r < rows; r++, x += ldx, y += ldy) {
    float inverse = 1.0f / sqrtf(row_dot(x, x, width) / (float)width + epsilon);
    if (inverse_rms) inverse_rms[r] = inverse;
    row_scale(x, inverse, weight, y, width);
  }
}

/// With g = dy * weight and s = inverse rms: dx = s (g - x s^2 mean(g x)); dweight += dy x s.
static void isa_rms_norm_backward(long rows, long width, const float *x, long ldx, const float *weight,
                                  const float *inverse_rms, const float *dy, long lddy, float *dx, long lddx,
                                  int accumulate, float *dweight) {
  for (long r = 0; r < rows; r++, x += ldx, dy += lddy, dx += lddx) {
    const float inverse = inverse_rms[r];
    vf sum = 0;
    for (long i = 0; i < width; i += W) {
      vf z = row_load(x, i, width), d = row_load(dy, i, width), weighted = z * d;
      sum = (weight ? weighted * row_load(weight, i, width) : weighted) + sum;
      if (dweight) row_store(dweight, i, width, weighted * inverse + row_load(dweight, i, width));
    }
    const float pull = v_sum(sum) / (float)width * inverse * inverse * inverse;
    for (long i = 0; i < width; i += W) {
      vf d = row_load(dy, i, width) * inverse;
      if (weight) d *= row_load(weight, i, width);
      d = d - row_load(x, i, width) * pull;
      row_store(dx, i, width, accumulate ? d + row_load(dx, i, width) : d);
    }
  }
}

/// Clears the elements from `count` on, so that what is not there does not count in a sum.
CK_INLINE vf row_clear_from(vf x, long count) {
  if (count >= W) return x;
  float lanes[W];
  v_store(lanes, x);
  for (long i = count; i < W; i++) lanes[i] = 0;
  return v_load(lanes);
}

static void isa_layer_norm_forward(long rows, long width, const float *x, long ldx, const float *weight,
                                   const float *bias, float epsilon, float *y, long ldy, float *mean,
                                   float *inverse_deviation) {
  for (long r = 0; r < rows; r++, x += ldx, y += ldy) {
    vf sum = 0;
    for (long i = 0; i < width; i += W) sum += row_load(x, i, width);
    const float middle = v_sum(sum) / (float)width;
    // Squares of differences, not a difference of squares: a mean that is large beside the deviation costs no digits.
    vf squares = 0;
    for (long i = 0; i < width; i += W) {
      vf d = row_clear_from(row_load(x, i, width) - middle, width - i);
      squares = d * d + squares;
    }
    const float inverse = 1.0f / sqrtf(v_sum(squares) / (float)width + epsilon);
    if (mean) mean[r] = middle;
    if (inverse_deviation) inverse_deviation[r] = inverse;
    for (long i = 0; i < width; i += W) {
      vf z = (row_load(x, i, width) - middle) * inverse;
      if (weight) z *= row_load(weight, i, width);
      row_store(y, i, width, bias ? z + row_load(bias, i, width) : z);
    }
  }
}

/// With n = (x - mean) s and g = dy * weight: dx = s (g - mean(g) - n mean(g n)); dweight += dy n; dbias += dy.
static void isa_layer_norm_backward(long rows, long width, const float *x, long ldx, const float *weight,
                                    const float *mean, const float *inverse_deviation, const float *dy, long lddy,
                                    float *dx, long lddx, int accumulate, float *dweight, float *dbias) {
  for (long r = 0; r < rows; r++, x += ldx, dy += lddy, dx += lddx) {
    const float middle = mean[r], inverse = inverse_deviation[r];
    vf sum = 0, pull = 0;
    for (long i = 0; i < width; i += W) {
      vf n = (row_load(x, i, width) - middle) * inverse, d = row_load(dy, i, width);
      if (dweight) row_store(dweight, i, width, d * n + row_load(dweight, i, width));
      if (dbias) row_store(dbias, i, width, d + row_load(dbias, i, width));
      // d is zero beyond the row, so the sums are right there too.
      vf g = weight ? d * row_load(weight, i, width) : d;
      sum += g;
      pull = g * n + pull;
    }
    const float average = v_sum(sum) / (float)width, along = v_sum(pull) / (float)width;
    for (long i = 0; i < width; i += W) {
      vf n = (row_load(x, i, width) - middle) * inverse, d = row_load(dy, i, width);
      if (weight) d *= row_load(weight, i, width);
      d = (d - average - n * along) * inverse;
      row_store(dx, i, width, accumulate ? d + row_load(dx, i, width) : d);
    }
  }
}

static void isa_l2_norm_forward(long rows, long width, const float *x, long ldx, float epsilon, float *y, long ldy,
                                float *inverse_norm) {
  for (long r = 0; r < rows; r++, x += ldx, y += ldy) {
    float inverse = 1.0f / sqrtf(row_dot(x, x, width) + epsilon);
    if (inverse_norm) inverse_norm[r] = inverse;
    row_scale(x, inverse, NULL, y, width);
  }
}

/// With s = inverse norm: dx = s (dy - x s^2 sum(dy x)).
static void isa_l2_norm_backward(long rows, long width, const float *x, long ldx, const float *inverse_norm,
                                 const float *dy, long lddy, float *dx, long lddx, int accumulate) {
  for (long r = 0; r < rows; r++, x += ldx, dy += lddy, dx += lddx) {
    const float inverse = inverse_norm[r], pull = row_dot(x, dy, width) * inverse * inverse * inverse;
    for (long i = 0; i < width; i += W) {
      vf d = row_load(dy, i, width) * inverse - row_load(x, i, width) * pull;
      row_store(dx, i, width, accumulate ? d + row_load(dx, i, width) : d);
    }
  }
}

/// The greatest element, minus infinity for none.
CK_INLINE float row_greatest(const float *x, long width) {
  vf most = -INFINITY;
  long i = 0;
  for (; i + W <= width; i += W) {
    vf z = v_load(x + i);
    most = v_max(z, most);
  }
  float greatest = v_greatest(most);
  for (; i < width; i++) greatest = x[i] > greatest ? x[i] : greatest;
  return greatest;
}

static void isa_softmax_rows(long rows, long width, const float *x, long ldx, float *y, long ldy) {
  for (long r = 0; r < rows; r++, x += ldx, y += ldy) {
    const float greatest = row_greatest(x, width);
    vf sum = 0;
    long i = 0;
    for (; i + W <= width; i += W) {
      vf e = v_exp_nonpositive(v_load(x + i) - greatest);
      v_store(y + i, e);
      sum += e;
    }
    float total = 0;
    if (i < width) {
      vf e = v_exp_nonpositive(v_load_partial(x + i, width - i) - greatest);
      v_store_partial(y + i, e, width - i);
      for (long j = i; j < width; j++) total += y[j];
    }
    row_scale(y, 1.0f / (total + v_sum(sum)), NULL, y, width);
  }
}

static void isa_softmax_rows_backward(long rows, long width, const float *y, long ldy, const float *dy, long lddy,
                                      float *dx, long lddx, int accumulate) {
  for (long r = 0; r < rows; r++, y += ldy, dy += lddy, dx += lddx) {
    const float pull = row_dot(y, dy, width);
    for (long i = 0; i < width; i += W) {
      vf d = row_load(y, i, width) * (row_load(dy, i, width) - pull);
      row_store(dx, i, width, accumulate ? d + row_load(dx, i, width) : d);
    }
  }
}
