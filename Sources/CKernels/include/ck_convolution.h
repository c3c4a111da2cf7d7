// Causal depthwise convolution over the time of ONE sequence.
#ifndef CK_CONVOLUTION_H
#define CK_CONVOLUTION_H

/// The widest kernel.
#define CK_CONVOLUTION_MAXIMUM 8

/// z[t, c] = bias[c] + sum over j of weight[c, j] x[t - kernel + 1 + j, c], where x is zero before the sequence;
/// y = silu(z) if `silu`, else z. x, y: [time, channels]; weight: [channels, kernel], kernel at most 8, its last column
/// for the token itself; bias: [channels], or NULL for none. y must not be x.
void ck_convolution_forward(long time, long channels, long kernel, const float *x, long ldx, const float *weight,
                            const float *bias, int silu, float *y, long ldy);
/// dx is overwritten, or added to with `accumulate`; dweight [channels, kernel] and, where there is a bias, dbias
/// [channels] are added to. dx must not be x or dy.
void ck_convolution_backward(long time, long channels, long kernel, const float *x, long ldx, const float *weight,
                             const float *bias, int silu, const float *dy, long lddy, float *dx, long lddx,
                             int accumulate, float *dweight, float *dbias);
/// One token. `history` [kernel - 1, channels] holds the inputs before it, oldest first (zeros at the start), and is
/// moved on. y may be x.
void ck_convolution_step(long channels, long kernel, float *history, const float *x, const float *weight,
                         const float *bias, int silu, float *y);

#endif
