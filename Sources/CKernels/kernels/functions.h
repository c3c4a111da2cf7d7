// Every dispatched kernel: CK_FUNCTION(result, name, (parameters), (arguments)). Included several times with different
// meanings of CK_FUNCTION: fields of the table, the table of an instruction set (isa_NAME), the public entry (ck_NAME).
//
// To add a kernel NAME: declare ck_NAME in a header of include/; write `static ... isa_NAME(...)` in a header of
// kernels/; include that header in kernels/all.h; add one entry here. Inside kernels/ call isa_gemm, gemm_product,
// gemm_direct and the functions of vector.h and vector_math.h directly: the compiler then stays within one instruction
// set and may inline.

CK_FUNCTION(double, fma_peak_probe, (double seconds), (seconds))

CK_FUNCTION(void, gemm,
            (int transpose_a, int transpose_b, long m, long n, long k, float alpha, const float *a, long lda,
             const float *b, long ldb, float beta, float *c, long ldc),
            (transpose_a, transpose_b, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc))
CK_FUNCTION(void, pack_b, (int transpose_b, long n, long k, const float *b, long ldb, float *packed),
            (transpose_b, n, k, b, ldb, packed))
CK_FUNCTION(void, gemm_packed,
            (int transpose_a, long m, long n, long k, float alpha, const float *a, long lda, const float *packed,
             float beta, float *c, long ldc),
            (transpose_a, m, n, k, alpha, a, lda, packed, beta, c, ldc))

CK_FUNCTION(void, exp, (long n, const float *x, float *y), (n, x, y))
CK_FUNCTION(void, sigmoid, (long n, const float *x, float *y), (n, x, y))
CK_FUNCTION(void, silu, (long n, const float *x, float *y), (n, x, y))
CK_FUNCTION(void, softplus, (long n, const float *x, float *y), (n, x, y))
CK_FUNCTION(void, elu_plus_one, (long n, const float *x, float *y), (n, x, y))
CK_FUNCTION(void, exp_backward, (long n, const float *x, const float *dy, float *dx, int accumulate),
            (n, x, dy, dx, accumulate))
CK_FUNCTION(void, sigmoid_backward, (long n, const float *x, const float *dy, float *dx, int accumulate),
            (n, x, dy, dx, accumulate))
CK_FUNCTION(void, silu_backward, (long n, const float *x, const float *dy, float *dx, int accumulate),
            (n, x, dy, dx, accumulate))
CK_FUNCTION(void, softplus_backward, (long n, const float *x, const float *dy, float *dx, int accumulate),
            (n, x, dy, dx, accumulate))
CK_FUNCTION(void, elu_plus_one_backward, (long n, const float *x, const float *dy, float *dx, int accumulate),
            (n, x, dy, dx, accumulate))

CK_FUNCTION(void, swiglu_forward, (long rows, long hidden, const float *gate_up, float *out),
            (rows, hidden, gate_up, out))
CK_FUNCTION(void, swiglu_backward,
            (long rows, long hidden, const float *gate_up, const float *dout, float *dgate_up, float *out),
            (rows, hidden, gate_up, dout, dgate_up, out))
CK_FUNCTION(void, geglu_forward, (long rows, long hidden, const float *gate_up, float *out),
            (rows, hidden, gate_up, out))
CK_FUNCTION(void, geglu_backward,
            (long rows, long hidden, const float *gate_up, const float *dout, float *dgate_up, float *out),
            (rows, hidden, gate_up, dout, dgate_up, out))
CK_FUNCTION(void, add, (long n, const float *x, const float *y, float *out), (n, x, y, out))
CK_FUNCTION(void, subtract, (long n, const float *x, const float *y, float *out), (n, x, y, out))
CK_FUNCTION(void, multiply, (long n, const float *x, const float *y, float *out), (n, x, y, out))
CK_FUNCTION(void, multiply_accumulate, (long n, const float *x, const float *y, float *out), (n, x, y, out))
CK_FUNCTION(void, scale, (long n, float alpha, const float *x, float *out), (n, alpha, x, out))
CK_FUNCTION(void, axpy, (long n, float alpha, const float *x, float *y), (n, alpha, x, y))
CK_FUNCTION(double, sum, (long n, const float *x), (n, x))
CK_FUNCTION(double, sum_of_squares, (long n, const float *x), (n, x))
CK_FUNCTION(double, dot, (long n, const float *x, const float *y), (n, x, y))

CK_FUNCTION(void, rms_norm_forward,
            (long rows, long width, const float *x, long ldx, const float *weight, float epsilon, float *y, long ldy,
             float *inverse_rms),
            (rows, width, x, ldx, weight, epsilon, y, ldy, inverse_rms))
CK_FUNCTION(void, rms_norm_backward,
            (long rows, long width, const float *x, long ldx, const float *weight, const float *inverse_rms,
             const float *dy, long lddy, float *dx, long lddx, int accumulate, float *dweight),
            (rows, width, x, ldx, weight, inverse_rms, dy, lddy, dx, lddx, accumulate, dweight))
CK_FUNCTION(void, layer_norm_forward,
            (long rows, long width, const float *x, long ldx, const float *weight, const float *bias, float epsilon,
             float *y, long ldy, float *mean, float *inverse),
            (rows, width, x, ldx, weight, bias, epsilon, y, ldy, mean, inverse))
CK_FUNCTION(void, layer_norm_backward,
            (long rows, long width, const float *x, long ldx, const float *weight, const float *mean,
             const float *inverse, const float *dy, long lddy, float *dx, long lddx, int accumulate, float *dweight,
             float *dbias),
            (rows, width, x, ldx, weight, mean, inverse, dy, lddy, dx, lddx, accumulate, dweight, dbias))
CK_FUNCTION(void, l2_norm_forward,
            (long rows, long width, const float *x, long ldx, float epsilon, float *y, long ldy, float *inverse_norm),
            (rows, width, x, ldx, epsilon, y, ldy, inverse_norm))
CK_FUNCTION(void, l2_norm_backward,
            (long rows, long width, const float *x, long ldx, const float *inverse_norm, const float *dy, long lddy,
             float *dx, long lddx, int accumulate),
            (rows, width, x, ldx, inverse_norm, dy, lddy, dx, lddx, accumulate))
CK_FUNCTION(void, softmax_rows, (long rows, long width, const float *x, long ldx, float *y, long ldy),
            (rows, width, x, ldx, y, ldy))
CK_FUNCTION(void, softmax_rows_backward,
            (long rows, long width, const float *y, long ldy, const float *dy, long lddy, float *dx, long lddx,
             int accumulate),
            (rows, width, y, ldy, dy, lddy, dx, lddx, accumulate))

CK_FUNCTION(void, rotary,
            (long time, long heads, long head_dimension, long rotary_dimension, const float *cosines,
             const float *sines, float *x, long ldx, int inverse),
            (time, heads, head_dimension, rotary_dimension, cosines, sines, x, ldx, inverse))

CK_FUNCTION(void, convolution_forward,
            (long time, long channels, long kernel, const float *x, long ldx, const float *weight, const float *bias,
             int silu, float *y, long ldy),
            (time, channels, kernel, x, ldx, weight, bias, silu, y, ldy))
CK_FUNCTION(void, convolution_backward,
            (long time, long channels, long kernel, const float *x, long ldx, const float *weight, const float *bias,
             int silu, const float *dy, long lddy, float *dx, long lddx, int accumulate, float *dweight, float *dbias),
            (time, channels, kernel, x, ldx, weight, bias, silu, dy, lddy, dx, lddx, accumulate, dweight, dbias))
CK_FUNCTION(void, convolution_step,
            (long channels, long kernel, float *history, const float *x, const float *weight, const float *bias, int silu,
             float *y),
            (channels, kernel, history, x, weight, bias, silu, y))

CK_FUNCTION(void, attention_forward,
            (const ck_attention_head *head, float *out, long ldo, float *logsumexp, float *scratch),
            (head, out, ldo, logsumexp, scratch))
CK_FUNCTION(void, attention_backward,
            (const ck_attention_head *head, const float *out, long ldo, const float *logsumexp, const float *dout,
             long lddo, const ck_attention_gradients *gradients, float *scratch),
            (head, out, ldo, logsumexp, dout, lddo, gradients, scratch))
CK_FUNCTION(void, attention_decode,
            (long queries, long keys, long key_dimension, long value_dimension, float scale, const float *sink_logits,
             const float *q, long ldq, const float *k, long ldk, const float *v, long ldv, float *out, long ldo,
             float *scratch),
            (queries, keys, key_dimension, value_dimension, scale, sink_logits, q, ldq, k, ldk, v, ldv, out, ldo,
             scratch))

CK_FUNCTION(void, selected_forward,
            (const ck_selected_heads *heads, float *out, long ldo, float *logsumexp, float *scratch),
            (heads, out, ldo, logsumexp, scratch))
CK_FUNCTION(void, selected_backward,
            (const ck_selected_heads *heads, const float *out, long ldo, const float *logsumexp, const float *dout,
             long lddo, const ck_attention_gradients *gradients, float *attended, float *scratch),
            (heads, out, ldo, logsumexp, dout, lddo, gradients, attended, scratch))
CK_FUNCTION(void, select_top, (long n, const float *values, long count, int32_t *places, float *scratch),
            (n, values, count, places, scratch))
CK_FUNCTION(void, indexer_select,
            (const ck_indexer *indexer, long count, long block_size, int32_t *blocks, float *scratch),
            (indexer, count, block_size, blocks, scratch))
CK_FUNCTION(void, indexer_scores, (const ck_indexer *indexer, long keys, float *scores, float *scratch),
            (indexer, keys, scores, scratch))
CK_FUNCTION(double, indexer_backward,
            (const ck_indexer *indexer, long count, long block_size, const int32_t *blocks, const float *attended,
             float share, float weight, const ck_indexer_gradients *gradients, float *scratch),
            (indexer, count, block_size, blocks, attended, share, weight, gradients, scratch))

CK_FUNCTION(void, cross_entropy,
            (long rows, long vocabulary, const float *logits, const int32_t *targets, const float *weights, float *nll,
             int32_t *argmax, float *dlogits),
            (rows, vocabulary, logits, targets, weights, nll, argmax, dlogits))

CK_FUNCTION(void, adamw,
            (long n, float *weights, const float *gradients, float *m, float *v, float learning_rate, float beta1,
             float beta2, float epsilon, float decay, float correction1, float correction2, float gradient_scale),
            (n, weights, gradients, m, v, learning_rate, beta1, beta2, epsilon, decay, correction1, correction2,
             gradient_scale))

CK_FUNCTION(void, delta_forward,
            (const ck_delta_head *head, float *out, long ldo, float *states, float *errors, float *scratch),
            (head, out, ldo, states, errors, scratch))
CK_FUNCTION(void, delta_backward,
            (const ck_delta_head *head, const float *states, const float *errors, const float *dout, long lddo,
             const ck_delta_gradients *gradients, float *scratch),
            (head, states, errors, dout, lddo, gradients, scratch))
CK_FUNCTION(void, delta_step, (const ck_delta_head *head, float *state, float *out, float *scratch),
            (head, state, out, scratch))
CK_FUNCTION(void, gated_norm_forward,
            (long rows, long width, const float *x, long ldx, const float *weight, const float *gate, long ldg,
             int sigmoid, float epsilon, float *y, long ldy, float *inverse_rms),
            (rows, width, x, ldx, weight, gate, ldg, sigmoid, epsilon, y, ldy, inverse_rms))
CK_FUNCTION(void, gated_norm_backward,
            (long rows, long width, const float *x, long ldx, const float *weight, const float *gate, long ldg,
             int sigmoid, const float *inverse_rms, const float *dy, long lddy, float *dx, long lddx, float *dgate,
             long lddg, int accumulate_gate, float *dweight),
            (rows, width, x, ldx, weight, gate, ldg, sigmoid, inverse_rms, dy, lddy, dx, lddx, dgate, lddg,
             accumulate_gate, dweight))

CK_FUNCTION(void, channel_forward,
            (const ck_channel_head *head, float *out, long ldo, int keep, float *states, float *solutions,
             float *scratch),
            (head, out, ldo, keep, states, solutions, scratch))
CK_FUNCTION(void, channel_backward,
            (const ck_channel_head *head, const float *states, const float *solutions, const float *dout, long lddo,
             const ck_channel_gradients *gradients, float *scratch),
            (head, states, solutions, dout, lddo, gradients, scratch))
CK_FUNCTION(void, channel_step, (const ck_channel_head *head, float *state, float *out, float *scratch),
            (head, state, out, scratch))
CK_FUNCTION(void, decay_gate_forward,
            (int kind, long rows, long heads, long width, const float *z, long ldz, const float *bias,
             const float *a_log, float rate, float *g, long ldg),
            (kind, rows, heads, width, z, ldz, bias, a_log, rate, g, ldg))
CK_FUNCTION(void, decay_gate_backward,
            (int kind, long rows, long heads, long width, const float *z, long ldz, const float *bias,
             const float *a_log, float rate, const float *dg, long lddg, float *dz, long lddz, int accumulate,
             float *dbias, float *da_log),
            (kind, rows, heads, width, z, ldz, bias, a_log, rate, dg, lddg, dz, lddz, accumulate, dbias, da_log))

CK_FUNCTION(void, token_shift_forward,
            (long time, long width, const float *previous, const float *x, long ldx, const float *mix, float *y,
             long ldy),
            (time, width, previous, x, ldx, mix, y, ldy))
CK_FUNCTION(void, token_shift_backward,
            (long time, long width, const float *x, long ldx, const float *mix, const float *dy, long lddy, float *dx,
             long lddx, int accumulate, float *dmix),
            (time, width, x, ldx, mix, dy, lddy, dx, lddx, accumulate, dmix))
CK_FUNCTION(void, rwkv_keys_forward, (const ck_rwkv_keys *keys, float *read, float *write, float *key),
            (keys, read, write, key))
CK_FUNCTION(void, rwkv_keys_backward,
            (const ck_rwkv_keys *keys, const float *dread, const float *dwrite, const float *dkey, float *dk,
             int accumulate_k, float *dz, int accumulate_z, float *dbias, float *dremoval, float *dreplacement),
            (keys, dread, dwrite, dkey, dk, accumulate_k, dz, accumulate_z, dbias, dremoval, dreplacement))
CK_FUNCTION(void, gated_mix_forward,
            (long rows, long width, const float *v, const float *first, const float *z, const float *bias, float *y),
            (rows, width, v, first, z, bias, y))
CK_FUNCTION(void, gated_mix_backward,
            (long rows, long width, const float *v, const float *first, const float *z, const float *bias,
             const float *dy, float *dv, float *dfirst, float *dz, int accumulate, float *dbias),
            (rows, width, v, first, z, bias, dy, dv, dfirst, dz, accumulate, dbias))
CK_FUNCTION(void, rwkv_output_forward, (const ck_rwkv_output *output, float *y), (output, y))
CK_FUNCTION(void, rwkv_output_backward,
            (const ck_rwkv_output *output, const float *dy, const ck_rwkv_output_gradients *gradients),
            (output, dy, gradients))
CK_FUNCTION(void, relu_squared, (long n, const float *x, float *y), (n, x, y))
CK_FUNCTION(void, relu_squared_backward, (long n, const float *x, const float *dy, float *dx, int accumulate),
            (n, x, dy, dx, accumulate))
CK_FUNCTION(void, tanh, (long n, const float *x, float *y), (n, x, y))
CK_FUNCTION(void, tanh_backward, (long n, const float *x, const float *dy, float *dx, int accumulate),
            (n, x, dy, dx, accumulate))

CK_FUNCTION(void, gate_first_norm_forward,
            (long rows, long width, const float *x, long ldx, const float *weight, const float *gate, long ldg,
             float epsilon, float *y, long ldy, float *inverse_rms),
            (rows, width, x, ldx, weight, gate, ldg, epsilon, y, ldy, inverse_rms))
CK_FUNCTION(void, gate_first_norm_backward,
            (long rows, long width, const float *x, long ldx, const float *weight, const float *gate, long ldg,
             const float *inverse_rms, const float *dy, long lddy, float *dx, long lddx, float *dgate, long lddg,
             int accumulate_gate, float *dweight),
            (rows, width, x, ldx, weight, gate, ldg, inverse_rms, dy, lddy, dx, lddx, dgate, lddg, accumulate_gate,
             dweight))

CK_FUNCTION(void, scan_forward,
            (const ck_scan_group *group, float *out, long ldo, float *states, int keep, float *scratch),
            (group, out, ldo, states, keep, scratch))
CK_FUNCTION(void, scan_backward,
            (const ck_scan_group *group, const float *states, const float *dout, long lddo,
             const ck_scan_gradients *gradients, float *scratch),
            (group, states, dout, lddo, gradients, scratch))
CK_FUNCTION(void, running_dots_forward,
            (long time, long width, const float *q, long ldq, const float *k, long ldk, float *sum, float *dots),
            (time, width, q, ldq, k, ldk, sum, dots))
CK_FUNCTION(void, running_dots_backward,
            (long time, long width, const float *q, long ldq, const float *k, long ldk, const float *ddots, float *dq,
             long lddq, int accumulate_q, float *dk, long lddk, int accumulate_k, float *scratch),
            (time, width, q, ldq, k, ldk, ddots, dq, lddq, accumulate_q, dk, lddk, accumulate_k, scratch))
CK_FUNCTION(void, scan_step, (const ck_scan_group *group, float *states, float *out), (group, states, out))

CK_FUNCTION(void, round_rows, (int format, long rows, long width, float *x, long ld), (format, rows, width, x, ld))
CK_FUNCTION(void, squared_error, (long n, const float *x, const float *y, double *error, double *norm),
            (n, x, y, error, norm))
CK_FUNCTION(void, compare_logits, (long vocabulary, const float *x, const float *y, ck_logit_comparison *result),
            (vocabulary, x, y, result))
