// Gated RMS norm, the way out of the linear mixers. The formulas are in ck_delta.h.
#pragma once

#pragma STDC FP_CONTRACT ON

/// act(g) of the gate: the sigmoid, or SiLU.
CK_INLINE vf gate_value(int sigmoid, vf g) { return sigmoid ? v_sigmoid(g) : g * v_sigmoid(g); }

static void isa_gated_norm_forward(long rows, long width, const float *x, long ldx, const float *weight,
                                   const float *gate, long ldg, int sigmoid, float epsilon, float *y, long ldy,
                                   float *inverse_rms) {
  for (long i = 0; i < rows; i++, x += ldx, gate += ldg, y += ldy) {
    vf sum = 0;
    for (long j = 0; j < width; j += W) {
      vf at = width - j >= W ? v_load(x + j) : v_load_partial(x + j, width - j);
      sum = at * at + sum;
    }
    const float inverse = 1.0f / sqrtf(v_sum(sum) / (float)width + epsilon);
    inverse_rms[i] = inverse;
    for (long j = 0; j < width; j += W) {
      const long left = width - j;
      if (left >= W) {
        v_store(y + j, v_load(x + j) * inverse * v_load(weight + j) * gate_value(sigmoid, v_load(gate + j)));
      } else {
        vf at = v_load_partial(x + j, left) * inverse * v_load_partial(weight + j, left);
        v_store_partial(y + j, at * gate_value(sigmoid, v_load_partial(gate + j, left)), left);
      }
    }
  }
}

static void isa_gated_norm_backward(long rows, long width, const float *x, long ldx, const float *weight,
                                    const float *gate, long ldg, int sigmoid, const float *inverse_rms,
                                    const float *dy, long lddy, float *dx, long lddx, float *dgate, long lddg,
                                    int accumulate_gate, float *dweight) {
  for (long i = 0; i < rows; i++, x += ldx, gate += ldg, dy += lddy, dx += lddx, dgate += lddg) {
    const vf inverse = inverse_rms[i];
    vf along = 0;
    // dx holds the gradient of the normalised row first.
    for (long j = 0; j < width; j += W) {
      const long left = width - j;
      const int whole = left >= W;
      vf normal = (whole ? v_load(x + j) : v_load_partial(x + j, left)) * inverse;
      vf g = whole ? v_load(gate + j) : v_load_partial(gate + j, left);
      vf upper = whole ? v_load(dy + j) : v_load_partial(dy + j, left);
      vf w = whole ? v_load(weight + j) : v_load_partial(weight + j, left);
      vf s = v_sigmoid(g);
      vf value = sigmoid ? s : g * s;
      vf slope = sigmoid ? s * (1.0f - s) : s + value * (1.0f - s);
      vf dgated = upper * normal;
      vf dnormal = upper * w * value;
      vf dg = dgated * w * slope;
      along = dnormal * normal + along;
      if (whole) {
        v_store(dweight + j, v_load(dweight + j) + dgated * value);
        v_store(dgate + j, accumulate_gate ? v_load(dgate + j) + dg : dg);
        v_store(dx + j, dnormal);
      } else {
        v_store_partial(dweight + j, v_load_partial(dweight + j, left) + dgated * value, left);
        v_store_partial(dgate + j, accumulate_gate ? v_load_partial(dgate + j, left) + dg : dg, left);
        v_store_partial(dx + j, dnormal, left);
      }
    }
    const vf mean = v_sum(along) / (float)width;
    for (long j = 0; j < width; j += W) {
      const long left = width - j;
      if (left >= W) {
        v_store(dx + j, inverse * (v_load(dx + j) - v_load(x + j) * inverse * mean));
      } else {
        vf normal = v_load_partial(x + j, left) * inverse;
        v_store_partial(dx + j, inverse * (v_load_partial(dx + j, left) - normal * mean), left);
      }
    }
  }
}
