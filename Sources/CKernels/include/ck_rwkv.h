// What RWKV-7 (Peng et al., "RWKV-7 'Goose' with Expressive Dynamic State Evolution", 2025) has besides its recurrence,
// which is the low-rank rule of ck_channel.h: the token shift, the keys, the mixing of values and the way out of a head;
// and the activation of its channel mix.
#ifndef CK_RWKV_H
#define CK_RWKV_H

/// y_t = x_t + mix (x_{t-1} - x_t) for the tokens of ONE sequence.
/// - previous: the input before the first token; NULL for zeros.
void ck_token_shift_forward(long time, long width, const float *previous, const float *x, long ldx, const float *mix,
                            float *y, long ldy);
/// Without a previous input. Writes dx, or adds to it if `accumulate`; adds to dmix. dx must not be x or dy.
void ck_token_shift_backward(long time, long width, const float *x, long ldx, const float *mix, const float *dy,
                             long lddy, float *dx, long lddx, int accumulate, float *dmix);

/// The keys of the low-rank rule. Everything of rows is `[rows, heads * width]` without gaps, parameters are
/// `[heads * width]`. With a = sigmoid(z + bias) and, in every head, kappa = k removal / |k removal|,
///
///   read = kappa;  write = kappa a;  key = k (1 + (a - 1) replacement)
typedef struct {
  long rows;
  long heads;
  long width;
  /// Keys, and the rates at which they are written, before the sigmoid.
  const float *k;
  const float *z;
  const float *bias;
  const float *removal;
  const float *replacement;
} ck_rwkv_keys;

void ck_rwkv_keys_forward(const ck_rwkv_keys *keys, float *read, float *write, float *key);
/// Writes dk and dz, or adds to them if their flag says so; adds to the gradients of the parameters.
void ck_rwkv_keys_backward(const ck_rwkv_keys *keys, const float *dread, const float *dwrite, const float *dkey,
                           float *dk, int accumulate_k, float *dz, int accumulate_z, float *dbias, float *dremoval,
                           float *dreplacement);

/// y = v + (first - v) sigmoid(z + bias), `[rows, width]`; `bias` is `[width]`.
void ck_gated_mix_forward(long rows, long width, const float *v, const float *first, const float *z, const float *bias,
                          float *y);
/// Flags: 1 adds to dv, 2 to dfirst, 4 to dz; else they are written. Adds to dbias.
void ck_gated_mix_backward(long rows, long width, const float *v, const float *first, const float *z,
                           const float *bias, const float *dy, float *dv, float *dfirst, float *dz, int accumulate,
                           float *dbias);

/// The way out of the heads, laid out as ck_rwkv_keys. With the mean and the deviation of o over a head,
///
///   y = ((o - mean) / deviation weight + norm_bias + (sum over the head of q k bonus) v) gate
typedef struct {
  long rows;
  long heads;
  long width;
  const float *o;
  const float *q;
  const float *k;
  const float *v;
  const float *gate;
  const float *weight;
  const float *norm_bias;
  const float *bonus;
  /// Under the root of the variance.
  float epsilon;
} ck_rwkv_output;

/// The gradients of a ck_rwkv_output: those of rows are written, or added to if they are in `accumulate` (1 o, 2 q, 4 k,
/// 8 v, 16 gate); those of parameters are added to.
typedef struct {
  float *o;
  float *q;
  float *k;
  float *v;
  float *gate;
  float *weight;
  float *norm_bias;
  float *bonus;
  int accumulate;
} ck_rwkv_output_gradients;

void ck_rwkv_output_forward(const ck_rwkv_output *output, float *y);
void ck_rwkv_output_backward(const ck_rwkv_output *output, const float *dy, const ck_rwkv_output_gradients *gradients);

/// y = max(x, 0)^2, of each element.
void ck_relu_squared(long n, const float *x, float *y);
void ck_relu_squared_backward(long n, const float *x, const float *dy, float *dx, int accumulate);
/// y = tanh(x), of each element.
void ck_tanh(long n, const float *x, float *y);
void ck_tanh_backward(long n, const float *x, const float *dy, float *dx, int accumulate);

#endif
