// Normalisation of rows, and softmax of rows. ldx, ldy, ... are the distances of two rows in floats.
#ifndef CK_NORM_H
#define CK_NORM_H

/// y = x / sqrt(mean(x^2) + epsilon) * weight for each row. `weight` [width] may be NULL (ones). inverse_rms [rows],
/// kept for the backward pass, may be NULL. y may be x.
void ck_rms_norm_forward(long rows, long width, const float *x, long ldx, const float *weight, float epsilon, float *y,
                         long ldy, float *inverse_rms);
/// dx is overwritten, or added to with `accumulate`; it may be dy. dweight [width] is added to, and may be NULL.
void ck_rms_norm_backward(long rows, long width, const float *x, long ldx, const float *weight,
                          const float *inverse_rms, const float *dy, long lddy, float *dx, long lddx, int accumulate,
                          float *dweight);

/// y = (x - mean(x)) / sqrt(variance(x) + epsilon) * weight + bias for each row (Ba et al. 2016); weight and bias
/// [width] may be NULL (ones, zeros). mean and inverse [rows], kept for the backward pass, may be NULL. y may be x.
void ck_layer_norm_forward(long rows, long width, const float *x, long ldx, const float *weight, const float *bias,
                           float epsilon, float *y, long ldy, float *mean, float *inverse);
/// dx is overwritten, or added to with `accumulate`; it may be dy. dweight and dbias [width] are added to, and may be
/// NULL.
void ck_layer_norm_backward(long rows, long width, const float *x, long ldx, const float *weight, const float *mean,
                            const float *inverse, const float *dy, long lddy, float *dx, long lddx, int accumulate,
                            float *dweight, float *dbias);

/// y = x / sqrt(sum(x^2) + epsilon) for each row. inverse_norm [rows] may be NULL. y may be x.
void ck_l2_norm_forward(long rows, long width, const float *x, long ldx, float epsilon, float *y, long ldy,
                        float *inverse_norm);
/// dx is overwritten, or added to with `accumulate`; it may be dy.
void ck_l2_norm_backward(long rows, long width, const float *x, long ldx, const float *inverse_norm, const float *dy,
                         long lddy, float *dx, long lddx, int accumulate);

/// Rows of the gated norm of Mamba-2, the gate before the norm: with u = x silu(gate), y = u / rms(u) * weight. y may be
/// x.
void ck_gate_first_norm_forward(long rows, long width, const float *x, long ldx, const float *weight,
                                const float *gate, long ldg, float epsilon, float *y, long ldy, float *inverse_rms);
/// Writes dx, and dgate (added to if `accumulate_gate`); adds to dweight. dx must not be x or dy.
void ck_gate_first_norm_backward(long rows, long width, const float *x, long ldx, const float *weight,
                                 const float *gate, long ldg, const float *inverse_rms, const float *dy, long lddy,
                                 float *dx, long lddx, float *dgate, long lddg, int accumulate_gate, float *dweight);

/// y = softmax(x) for each row. y may be x.
void ck_softmax_rows(long rows, long width, const float *x, long ldx, float *y, long ldy);
/// dx = y (dy - sum(y dy)) for each row, from the output y of the forward function. dx may be dy without `accumulate`.
void ck_softmax_rows_backward(long rows, long width, const float *y, long ldy, const float *dy, long lddy, float *dx,
                              long lddx, int accumulate);

#endif
