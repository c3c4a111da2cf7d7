// AdamW.
#ifndef CK_OPTIMIZER_H
#define CK_OPTIMIZER_H

/// One step of AdamW (Loshchilov and Hutter, 2019; decay as in PyTorch), where g = gradient_scale * gradients:
///
///     m = beta1 m + (1 - beta1) g        v = beta2 v + (1 - beta2) g^2
///     w = w - learning_rate (m / correction1 / (sqrt(v / correction2) + epsilon) + decay w)
///
/// with correction1 = 1 - beta1^step and correction2 = 1 - beta2^step. The gradient norm is ck_sum_of_squares.
void ck_adamw(long n, float *weights, const float *gradients, float *m, float *v, float learning_rate, float beta1,
              float beta2, float epsilon, float decay, float correction1, float correction2, float gradient_scale);

#endif
