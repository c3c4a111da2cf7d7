// RMS norm of gated rows, the way out of Mamba-2. The formula is in ck_norm.h.
#pragma once

#pragma STDC FP_CONTRACT ON

static void isa_gate_first_norm_forward(long rows, long width, const float *x, long ldx, const float *weight,
                                        const float *gate, long ldg, float epsilon, float *y, long ldy,
                                        float *inverse_rms) {
  for (long i = 0; i < rows; i++, x += ldx, gate += ldg, y += ldy) {
    vf sum = 0;
    // y holds the gated row first.
    for (long j = 0; j < width; j += W) {
      vf g = row_load(gate, j, width), gated = row_load(x, j, width) * (g * v_sigmoid(g));
      sum = gated * gated + sum;
      row_store(y, j, width, gated);
    }
    const float inverse = 1.0f / sqrtf(v_sum(sum) / (float)width + epsilon);
    inverse_rms[i] = inverse;
    for (long j = 0; j < width; j += W)
      row_store(y, j, width, row_load(y, j, width) * inverse * row_load(weight, j, width));
  }
}

static void isa_gate_first_norm_backward(long rows, long width, const float *x, long ldx, const float *weight,
                                         const float *gate, long ldg, const float *inverse_rms, const float *dy,
                                         long lddy, float *dx, long lddx, float *dgate, long lddg,
                                         int accumulate_gate, float *dweight) {
  for (long i = 0; i < rows; i++, x += ldx, gate += ldg, dy += lddy, dx += lddx, dgate += lddg) {
    const vf inverse = inverse_rms[i];
    vf along = 0;
    // dx holds silu(gate) first.
    for (long j = 0; j < width; j += W) {
      vf g = row_load(gate, j, width), act = g * v_sigmoid(g);
      vf normal = row_load(x, j, width) * act * inverse, upper = row_load(dy, j, width);
      along = upper * row_load(weight, j, width) * normal + along;
      row_store(dweight, j, width, row_load(dweight, j, width) + upper * normal);
      row_store(dx, j, width, act);
    }
    const vf mean = v_sum(along) / (float)width;
    for (long j = 0; j < width; j += W) {
      vf g = row_load(gate, j, width), s = v_sigmoid(g), act = row_load(dx, j, width), value = row_load(x, j, width);
      vf dnormal = row_load(dy, j, width) * row_load(weight, j, width);
      vf dgated = inverse * (dnormal - value * act * inverse * mean);
      vf dg = dgated * value * (s + act * (1.0f - s));
      row_store(dgate, j, width, accumulate_gate ? row_load(dgate, j, width) + dg : dg);
      row_store(dx, j, width, dgated * act);
    }
  }
}
