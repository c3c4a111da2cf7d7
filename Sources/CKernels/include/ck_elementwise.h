// Functions of single elements. Destinations may be the same array as a source.
#ifndef CK_ELEMENTWISE_H
#define CK_ELEMENTWISE_H

/// y = exp(x), within about one unit in the last place; infinities, zeros, subnormal results and NaN as in libm.
void ck_exp(long n, const float *x, float *y);
/// y = 1 / (1 + exp(-x)).
void ck_sigmoid(long n, const float *x, float *y);
/// y = x sigmoid(x).
void ck_silu(long n, const float *x, float *y);
/// y = log(1 + exp(x)), accurate at both ends.
void ck_softplus(long n, const float *x, float *y);
/// y = elu(x) + 1: x + 1 above 0, else exp(x).
void ck_elu_plus_one(long n, const float *x, float *y);

// dx = (or +=, with accumulate) dy f'(x), where x is the input of the forward function.
void ck_exp_backward(long n, const float *x, const float *dy, float *dx, int accumulate);
void ck_sigmoid_backward(long n, const float *x, const float *dy, float *dx, int accumulate);
void ck_silu_backward(long n, const float *x, const float *dy, float *dx, int accumulate);
void ck_softplus_backward(long n, const float *x, const float *dy, float *dx, int accumulate);
void ck_elu_plus_one_backward(long n, const float *x, const float *dy, float *dx, int accumulate);

/// out[r, i] = silu(gate[r, i]) up[r, i]; a row of gate_up [rows, 2 hidden] holds the gate first, then up.
void ck_swiglu_forward(long rows, long hidden, const float *gate_up, float *out);
/// dgate_up [rows, 2 hidden], overwritten, from dout [rows, hidden]; and once more the `out` of the forward function,
/// unless it is NULL. May be done in place (dgate_up == gate_up, out == dout).
void ck_swiglu_backward(long rows, long hidden, const float *gate_up, const float *dout, float *dgate_up, float *out);

/// The same with the tanh form of GELU, 0.5 x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))), in the place of SiLU.
void ck_geglu_forward(long rows, long hidden, const float *gate_up, float *out);
void ck_geglu_backward(long rows, long hidden, const float *gate_up, const float *dout, float *dgate_up, float *out);

/// out = x + y.
void ck_add(long n, const float *x, const float *y, float *out);
/// out = x - y.
void ck_subtract(long n, const float *x, const float *y, float *out);
/// out = x y.
void ck_multiply(long n, const float *x, const float *y, float *out);
/// out += x y.
void ck_multiply_accumulate(long n, const float *x, const float *y, float *out);
/// out = alpha x.
void ck_scale(long n, float alpha, const float *x, float *out);
/// y += alpha x.
void ck_axpy(long n, float alpha, const float *x, float *y);
/// The sum, in a fixed order, in double precision.
double ck_sum(long n, const float *x);
/// The sum of squares, in a fixed order, in double precision.
double ck_sum_of_squares(long n, const float *x);
/// The inner product, in a fixed order, in double precision.
double ck_dot(long n, const float *x, const float *y);

#endif
