// AdamW.
#pragma once

#pragma STDC FP_CONTRACT ON

static void isa_adamw(long n, float *weights, const float *gradients, float *m, float *v, float learning_rate,
                      float beta1, float beta2, float epsilon, float decay, float correction1, float correction2,
                      float gradient_scale) {
  const float rate = learning_rate / correction1, second = 1.0f / correction2, keep = 1.0f - learning_rate * decay;
  for (long i = 0; i < n; i += W) {
    vf g = row_load(gradients, i, n) * gradient_scale;
    vf first = row_load(m, i, n) * beta1 + g * (1.0f - beta1);
    vf square = row_load(v, i, n) * beta2 + g * g * (1.0f - beta2);
    row_store(m, i, n, first);
    row_store(v, i, n, square);
    vf step = first * rate / (v_sqrt(square * second) + epsilon);
    row_store(weights, i, n, row_load(weights, i, n) * keep - step);
  }
}
