// The parts of RWKV-7 around its recurrence. The formulas are in ck_rwkv.h.
#pragma once

#pragma STDC FP_CONTRACT ON

/// tanh(x) = (1 - u) / (1 + u) with the sign of x, u = exp(-2 |x|).
CK_INLINE vf v_tanh(vf x) {
  vf u = v_exp(-2.0f * (x > 0.0f ? x : -x));
  vf y = (1.0f - u) / (1.0f + u);
  return x > 0.0f ? y : -y;
}

/// Its derivative, 4 u / (1 + u)^2.
CK_INLINE vf v_tanh_slope(vf x) { return 4.0f * v_sigmoid_slope_at(2.0f * x); }

CK_UNARY(tanh, v_tanh(x))
CK_BACKWARD(tanh, v_tanh_slope(x))
CK_UNARY(relu_squared, v_max(x, (vf)0.0f) * v_max(x, (vf)0.0f))
CK_BACKWARD(relu_squared, 2.0f * v_max(x, (vf)0.0f))

static void isa_token_shift_forward(long time, long width, const float *previous, const float *x, long ldx,
                                    const float *mix, float *y, long ldy) {
  for (long t = 0; t < time; t++, previous = x, x += ldx, y += ldy) {
    for (long j = 0; j < width; j += W) {
      const vf at = row_load(x, j, width), before = previous ? row_load(previous, j, width) : (vf)0.0f;
      row_store(y, j, width, row_load(mix, j, width) * (before - at) + at);
    }
  }
}

static void isa_token_shift_backward(long time, long width, const float *x, long ldx, const float *mix,
                                     const float *dy, long lddy, float *dx, long lddx, int accumulate, float *dmix) {
  for (long t = 0; t < time; t++) {
    const float *at = x + t * ldx, *upper = dy + t * lddy;
    float *to = dx + t * lddx;
    for (long j = 0; j < width; j += W) {
      const vf by = row_load(mix, j, width), d = row_load(upper, j, width);
      const vf before = t > 0 ? row_load(at - ldx, j, width) : (vf)0.0f;
      row_store(dmix, j, width, d * (before - row_load(at, j, width)) + row_load(dmix, j, width));
      vf sum = d - d * by;
      if (t + 1 < time) sum = row_load(upper + lddy, j, width) * by + sum;
      row_store(to, j, width, accumulate ? sum + row_load(to, j, width) : sum);
    }
  }
}

/// 1 / |k removal| of a head.
CK_INLINE float rwkv_inverse_length(const float *k, const float *removal, long width) {
  vf sum = 0;
  for (long j = 0; j < width; j += W) {
    const vf z = row_load(k, j, width) * row_load(removal, j, width);
    sum = z * z + sum;
  }
  return 1.0f / sqrtf(v_sum(sum) + 1e-6f);
}

static void isa_rwkv_keys_forward(const ck_rwkv_keys *in, float *read, float *write, float *key) {
  const long width = in->width;
  for (long part = 0; part < in->rows * in->heads; part++) {
    const long at = part * width, column = part % in->heads * width;
    const float *k = in->k + at, *removal = in->removal + column;
    const float inverse = rwkv_inverse_length(k, removal, width);
    for (long j = 0; j < width; j += W) {
      const vf x = row_load(k, j, width);
      const vf rate = v_sigmoid(row_load(in->z + at, j, width) + row_load(in->bias + column, j, width));
      const vf kappa = x * row_load(removal, j, width) * inverse;
      row_store(read + at, j, width, kappa);
      row_store(write + at, j, width, kappa * rate);
      row_store(key + at, j, width, x + x * (rate - 1.0f) * row_load(in->replacement + column, j, width));
    }
  }
}

/// Adds to elements of a row.
CK_INLINE void row_add(float *row, long i, long width, vf x) { row_store(row, i, width, row_load(row, i, width) + x); }

/// Writes elements of a row, or adds to them.
CK_INLINE void row_put(float *row, long i, long width, vf x, int accumulate) {
  row_store(row, i, width, accumulate ? row_load(row, i, width) + x : x);
}

static void isa_rwkv_keys_backward(const ck_rwkv_keys *in, const float *dread, const float *dwrite, const float *dkey,
                                   float *dk, int accumulate_k, float *dz, int accumulate_z, float *dbias,
                                   float *dremoval, float *dreplacement) {
  const long width = in->width;
  for (long part = 0; part < in->rows * in->heads; part++) {
    const long at = part * width, column = part % in->heads * width;
    const float *k = in->k + at, *removal = in->removal + column, *replacement = in->replacement + column;
    const vf inverse = rwkv_inverse_length(k, removal, width);
    vf sum = 0;
    for (long j = 0; j < width; j += W) {
      const vf z = row_load(in->z + at, j, width) + row_load(in->bias + column, j, width), rate = v_sigmoid(z);
      const vf x = row_load(k, j, width), kappa = x * row_load(removal, j, width) * inverse;
      const vf upper = row_load(dwrite + at, j, width), own = row_load(dkey + at, j, width);
      const vf drate = upper * kappa + own * x * row_load(replacement, j, width);
      const vf d = drate * v_sigmoid_slope_at(z);
      sum = (upper * rate + row_load(dread + at, j, width)) * kappa + sum;
      row_put(dz + at, j, width, d, accumulate_z);
      row_add(dbias + column, j, width, d);
      row_add(dreplacement + column, j, width, own * x * (rate - 1.0f));
    }
    const vf along = v_sum(sum);
    for (long j = 0; j < width; j += W) {
      const vf rate = v_sigmoid(row_load(in->z + at, j, width) + row_load(in->bias + column, j, width));
      const vf x = row_load(k, j, width), scale = row_load(removal, j, width), kappa = x * scale * inverse;
      const vf upper = row_load(dwrite + at, j, width) * rate + row_load(dread + at, j, width);
      const vf draw = (upper - kappa * along) * inverse;
      const vf own = row_load(dkey + at, j, width) * (1.0f + (rate - 1.0f) * row_load(replacement, j, width));
      row_put(dk + at, j, width, draw * scale + own, accumulate_k);
      row_add(dremoval + column, j, width, draw * x);
    }
  }
}

static void isa_gated_mix_forward(long rows, long width, const float *v, const float *first, const float *z,
                                  const float *bias, float *y) {
  for (long i = 0; i < rows * width; i += width) {
    for (long j = 0; j < width; j += W) {
      const vf own = row_load(v + i, j, width);
      const vf gate = v_sigmoid(row_load(z + i, j, width) + row_load(bias, j, width));
      row_store(y + i, j, width, gate * (row_load(first + i, j, width) - own) + own);
    }
  }
}

static void isa_gated_mix_backward(long rows, long width, const float *v, const float *first, const float *z,
                                   const float *bias, const float *dy, float *dv, float *dfirst, float *dz,
                                   int accumulate, float *dbias) {
  for (long i = 0; i < rows * width; i += width) {
    for (long j = 0; j < width; j += W) {
      const vf input = row_load(z + i, j, width) + row_load(bias, j, width), gate = v_sigmoid(input);
      const vf d = row_load(dy + i, j, width), passed = d * gate;
      const vf slope = d * (row_load(first + i, j, width) - row_load(v + i, j, width)) * v_sigmoid_slope_at(input);
      row_put(dv + i, j, width, d - passed, accumulate & 1);
      row_put(dfirst + i, j, width, passed, accumulate & 2);
      row_put(dz + i, j, width, slope, accumulate & 4);
      row_add(dbias, j, width, slope);
    }
  }
}

/// Numbers of one head of one row: mean and inverse deviation of o, and the bonus of the token itself.
typedef struct {
  float mean, inverse, own;
} rwkv_head;

CK_INLINE rwkv_head rwkv_head_of(const ck_rwkv_output *in, long at, long column) {
  const long width = in->width;
  vf sum = 0, own = 0, squares = 0;
  for (long j = 0; j < width; j += W) {
    sum += row_load(in->o + at, j, width);
    own = row_load(in->q + at, j, width) * row_load(in->k + at, j, width) * row_load(in->bonus + column, j, width) +
          own;
  }
  rwkv_head head = {.mean = v_sum(sum) / (float)width, .own = v_sum(own)};
  for (long j = 0; j < width; j += W) {
    // Lanes past the end count as the mean.
    vf centred = row_load(in->o + at, j, width) - head.mean;
    if (width - j < W) {
      float lanes[W] = {0};
      v_store_partial(lanes, centred, width - j);
      centred = v_load(lanes);
    }
    squares = centred * centred + squares;
  }
  head.inverse = 1.0f / sqrtf(v_sum(squares) / (float)width + in->epsilon);
  return head;
}

static void isa_rwkv_output_forward(const ck_rwkv_output *in, float *y) {
  const long width = in->width;
  for (long part = 0; part < in->rows * in->heads; part++) {
    const long at = part * width, column = part % in->heads * width;
    const rwkv_head head = rwkv_head_of(in, at, column);
    for (long j = 0; j < width; j += W) {
      vf normal = (row_load(in->o + at, j, width) - head.mean) * head.inverse;
      normal = normal * row_load(in->weight + column, j, width) + row_load(in->norm_bias + column, j, width);
      row_store(y + at, j, width, (row_load(in->v + at, j, width) * head.own + normal) * row_load(in->gate + at, j, width));
    }
  }
}

static void isa_rwkv_output_backward(const ck_rwkv_output *in, const float *dy, const ck_rwkv_output_gradients *to) {
  const long width = in->width;
  const int adds = to->accumulate;
  for (long part = 0; part < in->rows * in->heads; part++) {
    const long at = part * width, column = part % in->heads * width;
    const rwkv_head head = rwkv_head_of(in, at, column);
    vf own = 0, sum = 0, along = 0;
    for (long j = 0; j < width; j += W) {
      const vf normal = (row_load(in->o + at, j, width) - head.mean) * head.inverse;
      const vf weight = row_load(in->weight + column, j, width), v = row_load(in->v + at, j, width);
      const vf upper = row_load(dy + at, j, width), d = upper * row_load(in->gate + at, j, width);
      const vf inner = normal * weight + row_load(in->norm_bias + column, j, width) + head.own * v;
      row_put(to->gate + at, j, width, upper * inner, adds & 16);
      row_put(to->v + at, j, width, head.own * d, adds & 8);
      row_add(to->weight + column, j, width, d * normal);
      row_add(to->norm_bias + column, j, width, d);
      // d is zero past the end.
      own = d * v + own;
      sum += d * weight;
      along = d * weight * normal + along;
    }
    const vf bonus = v_sum(own), mean = v_sum(sum) / (float)width, pull = v_sum(along) / (float)width;
    for (long j = 0; j < width; j += W) {
      const vf normal = (row_load(in->o + at, j, width) - head.mean) * head.inverse;
      const vf d = row_load(dy + at, j, width) * row_load(in->gate + at, j, width);
      const vf q = row_load(in->q + at, j, width), k = row_load(in->k + at, j, width);
      const vf scale = row_load(in->bonus + column, j, width);
      const vf dnormal = d * row_load(in->weight + column, j, width);
      row_put(to->o + at, j, width, (dnormal - mean - normal * pull) * head.inverse, adds & 1);
      row_put(to->q + at, j, width, bonus * k * scale, adds & 2);
      row_put(to->k + at, j, width, bonus * q * scale, adds & 4);
      row_add(to->bonus + column, j, width, bonus * q * k);
    }
  }
}
