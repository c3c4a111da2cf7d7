// Functions of single elements.
#pragma once

#pragma STDC FP_CONTRACT ON

/// y[i] = EXPRESSION of the vector x, for a function isa_NAME(n, x, y).
#define CK_UNARY(NAME, EXPRESSION)                                            \
  static void isa_##NAME(long n, const float *px, float *py) {                \
    long i = 0;                                                               \
    for (; i + W <= n; i += W) {                                              \
      vf x = v_load(px + i);                                                  \
      v_store(py + i, EXPRESSION);                                            \
    }                                                                         \
    if (i < n) {                                                              \
      vf x = v_load_partial(px + i, n - i);                                   \
      v_store_partial(py + i, EXPRESSION, n - i);                             \
    }                                                                         \
  }

/// out[i] = EXPRESSION of the vectors x, y and, if READS, the old z.
#define CK_BINARY(NAME, READS, EXPRESSION)                                        \
  static void isa_##NAME(long n, const float *px, const float *py, float *out) {  \
    long i = 0;                                                                   \
    for (; i + W <= n; i += W) {                                                  \
      vf x = v_load(px + i), y = v_load(py + i);                                  \
      vf z = READS ? v_load(out + i) : (vf)0.0f;                                  \
      (void)z;                                                                    \
      v_store(out + i, EXPRESSION);                                               \
    }                                                                             \
    if (i < n) {                                                                  \
      vf x = v_load_partial(px + i, n - i), y = v_load_partial(py + i, n - i);    \
      vf z = READS ? v_load_partial(out + i, n - i) : (vf)0.0f;                   \
      (void)z;                                                                    \
      v_store_partial(out + i, EXPRESSION, n - i);                                \
    }                                                                             \
  }

/// dx = (+=) dy SLOPE, with the vector x, for isa_NAME_backward(n, x, dy, dx, accumulate).
#define CK_BACKWARD(NAME, SLOPE)                                                                   \
  static inline vf NAME##_slope(vf x) { return SLOPE; }                                            \
  static void isa_##NAME##_backward(long n, const float *px, const float *dy, float *dx, int accumulate) { \
    long i = 0;                                                                                    \
    for (; i + W <= n; i += W) {                                                                   \
      vf slope = NAME##_slope(v_load(px + i)), d = v_load(dy + i);                                 \
      v_store(dx + i, accumulate ? d * slope + v_load(dx + i) : d * slope);                        \
    }                                                                                              \
    if (i < n) {                                                                                   \
      long left = n - i;                                                                           \
      vf slope = NAME##_slope(v_load_partial(px + i, left)), d = v_load_partial(dy + i, left);     \
      v_store_partial(dx + i, accumulate ? d * slope + v_load_partial(dx + i, left) : d * slope, left); \
    }                                                                                              \
  }

/// The derivative of silu at x, where s = sigmoid(x).
CK_INLINE vf v_silu_slope(vf x, vf s) { return s * (1.0f + x * (1.0f - s)); }

CK_INLINE vf v_silu_slope_at(vf x) { return v_silu_slope(x, v_sigmoid(x)); }

/// The derivative of the sigmoid at x, u / (1 + u)^2 with u = exp(-|x|): unlike s (1 - s) exact where s nears 1.
CK_INLINE vf v_sigmoid_slope_at(vf x) {
  vf u = v_exp(x > 0.0f ? -x : x);
  return u / ((1.0f + u) * (1.0f + u));
}

CK_UNARY(exp, v_exp(x))
CK_UNARY(sigmoid, v_sigmoid(x))
CK_UNARY(silu, x *v_sigmoid(x))
CK_UNARY(softplus, v_softplus(x))
CK_UNARY(elu_plus_one, v_select(x > 0.0f, x + 1.0f, v_exp(v_min(x, (vf)0.0f))))
CK_BACKWARD(exp, v_exp(x))
CK_BACKWARD(sigmoid, v_sigmoid_slope_at(x))
CK_BACKWARD(silu, v_silu_slope_at(x))
CK_BACKWARD(softplus, v_sigmoid(x))
CK_BACKWARD(elu_plus_one, v_exp(v_min(x, (vf)0.0f)))
CK_BINARY(add, 0, x + y)
CK_BINARY(subtract, 0, x - y)
CK_BINARY(multiply, 0, x *y)
CK_BINARY(multiply_accumulate, 1, x *y + z)

static void isa_scale(long n, float alpha, const float *x, float *out) {
  long i = 0;
  for (; i + W <= n; i += W) v_store(out + i, v_load(x + i) * alpha);
  if (i < n) v_store_partial(out + i, v_load_partial(x + i, n - i) * alpha, n - i);
}

static void isa_axpy(long n, float alpha, const float *x, float *y) {
  long i = 0;
  for (; i + W <= n; i += W) v_store(y + i, v_load(x + i) * alpha + v_load(y + i));
  if (i < n) v_store_partial(y + i, v_load_partial(x + i, n - i) * alpha + v_load_partial(y + i, n - i), n - i);
}

/// The tanh form of GELU, 0.5 x (1 + tanh(u)) = x sigmoid(2u) with u = sqrt(2 / pi) (x + 0.044715 x^3): 2u.
CK_INLINE vf v_gelu_argument(vf x) { return 1.5957691216057308f * (x + 0.044715f * x * x * x); }

/// Its derivative at x, where s = sigmoid(2u).
CK_INLINE vf v_gelu_slope(vf x, vf s) {
  vf inner = 1.5957691216057308f + 0.21406372f * x * x;
  return s + x * s * (1.0f - s) * inner;
}

/// Gated activations of rows: out = ACTIVATION(gate) up, where s is the sigmoid of ARGUMENT and the activation is g s.
#define CK_GATED(NAME, ARGUMENT, SLOPE)                                                                       \
  static void isa_##NAME##_forward(long rows, long hidden, const float *gate_up, float *out) {                \
    for (long r = 0; r < rows; r++) {                                                                         \
      const float *gate = gate_up + r * 2 * hidden, *up = gate + hidden;                                      \
      float *to = out + r * hidden;                                                                           \
      long i = 0;                                                                                             \
      for (; i + W <= hidden; i += W) {                                                                       \
        vf g = v_load(gate + i);                                                                              \
        v_store(to + i, g * v_sigmoid(ARGUMENT) * v_load(up + i));                                            \
      }                                                                                                       \
      if (i < hidden) {                                                                                       \
        vf g = v_load_partial(gate + i, hidden - i);                                                          \
        v_store_partial(to + i, g * v_sigmoid(ARGUMENT) * v_load_partial(up + i, hidden - i), hidden - i);    \
      }                                                                                                       \
    }                                                                                                         \
  }                                                                                                           \
  static void isa_##NAME##_backward(long rows, long hidden, const float *gate_up, const float *dout,          \
                                    float *dgate_up, float *out) {                                            \
    for (long r = 0; r < rows; r++) {                                                                         \
      const float *gate = gate_up + r * 2 * hidden, *up = gate + hidden, *from = dout + r * hidden;           \
      float *dgate = dgate_up + r * 2 * hidden, *dup = dgate + hidden;                                        \
      for (long i = 0; i < hidden; i += W) {                                                                  \
        const long left = hidden - i;                                                                         \
        const int whole = left >= W;                                                                          \
        vf g = whole ? v_load(gate + i) : v_load_partial(gate + i, left);                                     \
        vf u = whole ? v_load(up + i) : v_load_partial(up + i, left);                                         \
        vf d = whole ? v_load(from + i) : v_load_partial(from + i, left);                                     \
        vf s = v_sigmoid(ARGUMENT), activation = g * s, dg = d * u * SLOPE(g, s), du = d * activation;        \
        if (whole) {                                                                                          \
          v_store(dgate + i, dg);                                                                             \
          v_store(dup + i, du);                                                                               \
          if (out) v_store(out + r * hidden + i, activation * u);                                             \
        } else {                                                                                              \
          v_store_partial(dgate + i, dg, left);                                                               \
          v_store_partial(dup + i, du, left);                                                                 \
          if (out) v_store_partial(out + r * hidden + i, activation * u, left);                               \
        }                                                                                                     \
      }                                                                                                       \
    }                                                                                                         \
  }

CK_GATED(swiglu, g, v_silu_slope)
CK_GATED(geglu, v_gelu_argument(g), v_gelu_slope)

static double isa_sum(long n, const float *x) {
  vd sum[2] = {0, 0};
  for (long i = 0, part = 0; i < n; i += W, part ^= 1) {
    vf a = i + W <= n ? v_load(x + i) : v_load_partial(x + i, n - i);
    sum[part] += __builtin_convertvector(a, vd);
  }
  sum[0] += sum[1];
  return v_sum_double(sum);
}

static double isa_dot(long n, const float *x, const float *y) {
  vd sum[2] = {0, 0};
  for (long i = 0, part = 0; i < n; i += W, part ^= 1) {
    const long left = n - i;
    vf a = left >= W ? v_load(x + i) : v_load_partial(x + i, left);
    vf b = left >= W ? v_load(y + i) : v_load_partial(y + i, left);
    sum[part] = __builtin_convertvector(a, vd) * __builtin_convertvector(b, vd) + sum[part];
  }
  sum[0] += sum[1];
  return v_sum_double(sum);
}

static double isa_sum_of_squares(long n, const float *x) { return isa_dot(n, x, x); }
