// Causal depthwise convolution over time.
#pragma once

#pragma STDC FP_CONTRACT ON

/// The weights of W channels (or `count` of them), one vector a tap.
CK_INLINE void convolution_weights(const float *weight, const int kernel, long count, vf taps[]) {
  float lanes[CK_CONVOLUTION_MAXIMUM][W] = {{0}};
  for (long c = 0; c < count; c++)
    for (int j = 0; j < kernel; j++) lanes[j][c] = weight[c * kernel + j];
  CK_UNROLL for (int j = 0; j < kernel; j++) taps[j] = v_load(lanes[j]);
}

/// The sum over the taps of a window of inputs, the oldest first, on top of a bias.
CK_INLINE vf convolution_sum(const int kernel, const vf taps[], const vf window[], vf z) {
  CK_UNROLL for (int j = 0; j < kernel; j++) z = taps[j] * window[j] + z;
  return z;
}

/// The bias of at most W channels; zeros without one.
CK_INLINE vf convolution_bias(const float *bias, long count) { return bias ? v_load_partial(bias, count) : (vf)0.0f; }

CK_INLINE void convolution_shift(const int kernel, vf window[], vf next) {
  CK_UNROLL for (int j = 0; j + 1 < kernel; j++) window[j] = window[j + 1];
  window[kernel - 1] = next;
}

/// The forward pass of at most W channels.
CK_INLINE void convolution_forward_channels(const int kernel, const int whole, long time, long count, const float *x,
                                            long ldx, const float *weight, const float *bias, int silu, float *y,
                                            long ldy) {
  vf taps[CK_CONVOLUTION_MAXIMUM], window[CK_CONVOLUTION_MAXIMUM], base = convolution_bias(bias, count);
  convolution_weights(weight, kernel, count, taps);
  CK_UNROLL for (int j = 0; j < kernel; j++) window[j] = 0;
  for (long t = 0; t < time; t++, x += ldx, y += ldy) {
    convolution_shift(kernel, window, whole ? v_load(x) : v_load_partial(x, count));
    vf z = convolution_sum(kernel, taps, window, base);
    if (silu) z *= v_sigmoid(z);
    if (whole)
      v_store(y, z);
    else
      v_store_partial(y, z, count);
  }
}

/// The backward pass of at most W channels. With dz = dy f'(z): dx[t] = sum over j of taps[j] dz[t + kernel - 1 - j],
/// so the gradient of an input is written when the last output that saw it has been passed.
CK_INLINE void convolution_backward_channels(const int kernel, const int whole, long time, long count, const float *x,
                                             long ldx, const float *weight, const float *bias, int silu,
                                             const float *dy, long lddy, float *dx, long lddx, int accumulate,
                                             float *dweight, float *dbias) {
  vf base = convolution_bias(bias, count), slope_sum = 0, taps[CK_CONVOLUTION_MAXIMUM], turned[CK_CONVOLUTION_MAXIMUM], window[CK_CONVOLUTION_MAXIMUM];
  vf slopes[CK_CONVOLUTION_MAXIMUM], sums[CK_CONVOLUTION_MAXIMUM];
  convolution_weights(weight, kernel, count, taps);
  CK_UNROLL for (int j = 0; j < kernel; j++) {
    turned[j] = taps[kernel - 1 - j];
    window[j] = slopes[j] = sums[j] = 0;
  }
  for (long t = 0; t < time + kernel - 1; t++) {
    vf slope = 0;
    if (t < time) {
      convolution_shift(kernel, window, whole ? v_load(x + t * ldx) : v_load_partial(x + t * ldx, count));
      slope = whole ? v_load(dy + t * lddy) : v_load_partial(dy + t * lddy, count);
      if (silu) {
        vf z = convolution_sum(kernel, taps, window, base);
        slope *= v_silu_slope(z, v_sigmoid(z));
      }
      slope_sum += slope;
      CK_UNROLL for (int j = 0; j < kernel; j++) sums[j] = slope * window[j] + sums[j];
    }
    convolution_shift(kernel, slopes, slope);
    if (t < kernel - 1) continue;
    vf d = convolution_sum(kernel, turned, slopes, (vf)0.0f);
    float *to = dx + (t - kernel + 1) * lddx;
    if (accumulate) d += whole ? v_load(to) : v_load_partial(to, count);
    if (whole)
      v_store(to, d);
    else
      v_store_partial(to, d, count);
  }
  for (int j = 0; j < kernel; j++)
    for (long c = 0; c < count; c++) dweight[c * kernel + j] += sums[j][c];
  if (bias) v_store_partial(dbias, v_load_partial(dbias, count) + slope_sum, count);
}

/// The bias from channel c on, if there is one.
CK_INLINE const float *convolution_bias_at(const float *bias, long c) { return bias ? bias + c : bias; }

/// All channels, for a kernel width that is a constant.
CK_INLINE void convolution_forward_all(const int kernel, long time, long channels, const float *x, long ldx,
                                       const float *weight, const float *bias, int silu, float *y, long ldy) {
  long c = 0;
  for (; c + W <= channels; c += W)
    convolution_forward_channels(kernel, 1, time, W, x + c, ldx, weight + c * kernel, convolution_bias_at(bias, c),
                                 silu, y + c, ldy);
  if (c < channels)
    convolution_forward_channels(kernel, 0, time, channels - c, x + c, ldx, weight + c * kernel,
                                 convolution_bias_at(bias, c), silu, y + c, ldy);
}

CK_INLINE void convolution_backward_all(const int kernel, long time, long channels, const float *x, long ldx,
                                        const float *weight, const float *bias, int silu, const float *dy, long lddy,
                                        float *dx, long lddx, int accumulate, float *dweight, float *dbias) {
  long c = 0;
  for (; c + W <= channels; c += W)
    convolution_backward_channels(kernel, 1, time, W, x + c, ldx, weight + c * kernel, convolution_bias_at(bias, c),
                                  silu, dy + c, lddy, dx + c, lddx, accumulate, dweight + c * kernel,
                                  bias ? dbias + c : dbias);
  if (c < channels)
    convolution_backward_channels(kernel, 0, time, channels - c, x + c, ldx, weight + c * kernel,
                                  convolution_bias_at(bias, c), silu, dy + c, lddy, dx + c, lddx, accumulate,
                                  dweight + c * kernel, bias ? dbias + c : dbias);
}

#define CK_KERNELS(CASE) CASE(1) CASE(2) CASE(3) CASE(4) CASE(5) CASE(6) CASE(7) CASE(8)

static void isa_convolution_forward(long time, long channels, long kernel, const float *x, long ldx,
                                    const float *weight, const float *bias, int silu, float *y, long ldy) {
#define CASE(K) \
  case K: return convolution_forward_all(K, time, channels, x, ldx, weight, bias, silu, y, ldy);
  switch (kernel) { CK_KERNELS(CASE) }
#undef CASE
}

static void isa_convolution_backward(long time, long channels, long kernel, const float *x, long ldx,
                                     const float *weight, const float *bias, int silu, const float *dy, long lddy,
                                     float *dx, long lddx, int accumulate, float *dweight, float *dbias) {
#define CASE(K)                                                                                                 \
  case K:                                                                                                       \
    return convolution_backward_all(K, time, channels, x, ldx, weight, bias, silu, dy, lddy, dx, lddx, accumulate, \
                                    dweight, dbias);
  switch (kernel) { CK_KERNELS(CASE) }
#undef CASE
}

static void isa_convolution_step(long channels, long kernel, float *history, const float *x, const float *weight,
                                 const float *bias, int silu, float *y) {
  for (long c = 0; c < channels; c += W) {
    const long count = channels - c < W ? channels - c : W;
    vf next = row_load(x, c, channels), z = bias ? row_load(bias, c, channels) : (vf)0.0f;
    for (long j = 0; j < kernel; j++) {
      float tap[W] = {0};
      for (long i = 0; i < count; i++) tap[i] = weight[(c + i) * kernel + j];
      vf input = j + 1 < kernel ? row_load(history + j * channels, c, channels) : next;
      z = v_load(tap) * input + z;
      if (j > 0) row_store(history + (j - 1) * channels, c, channels, input);
    }
    if (silu) z *= v_sigmoid(z);
    row_store(y, c, channels, z);
  }
}
