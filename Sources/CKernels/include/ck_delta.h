// The gated delta rule (Yang et al., "Gated Delta Networks: Improving Mamba2 with Delta Rule", 2024): for one head of
// one sequence, with a state S of [key dimension, value dimension],
//
//   q^ = q / sqrt(sum q^2 + 1e-6) / sqrt(key dimension),  k^ = k / sqrt(sum k^2 + 1e-6)
//   g = -exp(a_log) softplus(a + dt_bias),  beta = sigmoid(b)
//   S <- e^g S;  u = beta (v - S' k^);  S <- S + k^ u';  o = S' q^
//
// computed in chunks by the WY form of the paper: within a chunk, with G the running sum of g,
//
//   e_i = v_i - e^{G_i} S0' k_i - sum_{j<i} e^{G_i - G_j} (k_i . k_j) beta_j e_j,   u = beta e
//   o_i = e^{G_i} S0' q_i + sum_{j<=i} e^{G_i - G_j} (q_i . k_j) u_j
//   S1  = e^{G_C} S0 + sum_j e^{G_C - G_j} k_j u_j'
//
// Every exponent is a difference of running sums that is at most 0, so no decay overflows.
#ifndef CK_DELTA_H
#define CK_DELTA_H

/// One head of one sequence: where its inputs lie. A stride is the floats from one token to the next.
typedef struct {
  long time;
  long key_dimension;
  long value_dimension;
  /// Queries and keys, not yet normalised; their strides.
  const float *q;
  const float *k;
  long ldq;
  long ldk;
  const float *v;
  long ldv;
  /// Inputs of the decay and of beta, before their functions; one number a token.
  const float *a;
  const float *b;
  long lda;
  long ldb;
  float a_log;
  float dt_bias;
} ck_delta_head;

/// Where the gradients of a head go. The flags say whether they are added to what is there.
typedef struct {
  float *q;
  float *k;
  long ldq;
  long ldk;
  float *v;
  long ldv;
  float *a;
  float *b;
  long lda;
  long ldb;
  /// Added to.
  float *a_log;
  float *dt_bias;
  int accumulate_qk;
  int accumulate_v;
  int accumulate_gates;
} ck_delta_gradients;

/// Tokens of a chunk for these dimensions.
long ck_delta_chunk(long key_dimension, long value_dimension);
/// Floats of one state as the chunked form keeps it: both dimensions rounded up to 16.
long ck_delta_state_count(long key_dimension, long value_dimension);
/// Floats of the states that a forward pass keeps for the backward one: the first and one after each chunk.
long ck_delta_states_count(long time, long key_dimension, long value_dimension);
/// Floats of the prediction errors that it keeps.
long ck_delta_errors_count(long time, long key_dimension, long value_dimension);
/// Floats of scratch of either pass.
long ck_delta_scratch_count(long key_dimension, long value_dimension);

/// Writes the outputs, `[time, value_dimension]` at stride `ldo`.
/// - states: the first is the state before the first token, given by the caller. Without `errors` there is only that
///   one, and it becomes the state after the last token; with `errors` the states after each chunk follow it.
/// - errors: NULL when no backward pass follows.
void ck_delta_forward(
    const ck_delta_head *head, float *out, long ldo, float *states, float *errors, float *scratch);

/// Writes the gradients of the inputs, from those of the outputs; the last state counts as unused.
void ck_delta_backward(
    const ck_delta_head *head, const float *states, const float *errors, const float *dout, long lddo,
    const ck_delta_gradients *gradients, float *scratch);

/// One token: updates the state, `[key_dimension, value_dimension]` without padding, and writes the output.
/// - scratch: two rows of key_dimension floats.
void ck_delta_step(const ck_delta_head *head, float *state, float *out, float *scratch);

/// Rows of gated RMS norm: y = x / rms(x) * weight * act(gate), act being SiLU or, if `sigmoid`, the sigmoid.
void ck_gated_norm_forward(
    long rows, long width, const float *x, long ldx, const float *weight, const float *gate, long ldg, int sigmoid,
    float epsilon, float *y, long ldy, float *inverse_rms);

/// Writes dx, and dgate (added to if `accumulate_gate`); adds to dweight.
void ck_gated_norm_backward(
    long rows, long width, const float *x, long ldx, const float *weight, const float *gate, long ldg, int sigmoid,
    const float *inverse_rms, const float *dy, long lddy, float *dx, long lddx, float *dgate, long lddg,
    int accumulate_gate, float *dweight);

#endif
