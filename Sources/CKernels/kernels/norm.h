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
