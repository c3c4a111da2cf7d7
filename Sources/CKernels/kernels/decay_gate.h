// Gates of channel-wise decays. The formulas are in ck_channel.h.
#pragma once

#pragma STDC FP_CONTRACT ON

/// g / rate.
CK_INLINE vf decay_gate_value(const int kind, vf z) {
  if (kind == CK_DECAY_SIGMOID) return v_sigmoid(z);
  return v_softplus(kind == CK_DECAY_SOFTPLUS ? z : -z);
}

/// Its derivative by z.
CK_INLINE vf decay_gate_slope(const int kind, vf z) {
  if (kind == CK_DECAY_SIGMOID) return v_sigmoid_slope_at(z);
  return kind == CK_DECAY_SOFTPLUS ? v_sigmoid(z) : -v_sigmoid(-z);
}

CK_INLINE void decay_gate_forward(const int kind, long rows, long heads, long width, const float *z, long ldz,
                                  const float *bias, const float *a_log, float rate, float *g, long ldg) {
  for (long head = 0; head < heads; head++) {
    const float by = a_log ? -expf(a_log[head]) : rate;
    for (long i = 0; i < rows; i++) {
      const float *from = z + i * ldz + head * width;
      float *to = g + i * ldg + head * width;
      for (long j = 0; j < width; j += W) {
        vf x = row_load(from, j, width) + row_load(bias + head * width, j, width);
        row_store(to, j, width, by * decay_gate_value(kind, x));
      }
    }
  }
}

CK_INLINE void decay_gate_backward(const int kind, long rows, long heads, long width, const float *z, long ldz,
                                   const float *bias, const float *a_log, float rate, const float *dg, long lddg,
                                   float *dz, long lddz, int accumulate, float *dbias, float *da_log) {
  for (long head = 0; head < heads; head++) {
    const float by = a_log ? -expf(a_log[head]) : rate;
    vf along = 0;
    for (long j = 0; j < width; j += W) {
      const long column = head * width + j, end = (head + 1) * width - column;
      const vf shift = row_load(bias + column, 0, end);
      vf sum = 0;
      for (long i = 0; i < rows; i++) {
        const vf x = row_load(z + i * ldz + column, 0, end) + shift;
        const vf upper = row_load(dg + i * lddg + column, 0, end) * by;
        const vf d = upper * decay_gate_slope(kind, x);
        if (a_log) along = upper * decay_gate_value(kind, x) + along;
        sum += d;
        float *to = dz + i * lddz + column;
        row_store(to, 0, end, accumulate ? row_load(to, 0, end) + d : d);
      }
      row_store(dbias + column, 0, end, row_load(dbias + column, 0, end) + sum);
    }
    if (a_log) da_log[head] += v_sum(along);
  }
}

static void isa_decay_gate_forward(int kind, long rows, long heads, long width, const float *z, long ldz,
                                   const float *bias, const float *a_log, float rate, float *g, long ldg) {
  if (kind == CK_DECAY_SOFTPLUS)
    return decay_gate_forward(CK_DECAY_SOFTPLUS, rows, heads, width, z, ldz, bias, a_log, rate, g, ldg);
  if (kind == CK_DECAY_LOG_SIGMOID)
    return decay_gate_forward(CK_DECAY_LOG_SIGMOID, rows, heads, width, z, ldz, bias, a_log, rate, g, ldg);
  decay_gate_forward(CK_DECAY_SIGMOID, rows, heads, width, z, ldz, bias, a_log, rate, g, ldg);
}

static void isa_decay_gate_backward(int kind, long rows, long heads, long width, const float *z, long ldz,
                                    const float *bias, const float *a_log, float rate, const float *dg, long lddg,
                                    float *dz, long lddz, int accumulate, float *dbias, float *da_log) {
  if (kind == CK_DECAY_SOFTPLUS)
    return decay_gate_backward(CK_DECAY_SOFTPLUS, rows, heads, width, z, ldz, bias, a_log, rate, dg, lddg, dz, lddz,
                               accumulate, dbias, da_log);
  if (kind == CK_DECAY_LOG_SIGMOID)
    return decay_gate_backward(CK_DECAY_LOG_SIGMOID, rows, heads, width, z, ldz, bias, a_log, rate, dg, lddg, dz,
                               lddz, accumulate, dbias, da_log);
  decay_gate_backward(CK_DECAY_SIGMOID, rows, heads, width, z, ldz, bias, a_log, rate, dg, lddg, dz, lddz, accumulate,
                      dbias, da_log);
}
