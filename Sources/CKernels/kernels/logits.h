// Comparing two rows of logits.
#pragma once

/// The highest value, its first place and the second highest, lane by lane.
typedef struct {
  vf first, second;
  vi place;
} v_top;

CK_INLINE void v_top_take(v_top *top, vf x, vi place) {
  vi above = x > top->first;
  vf loser = v_select(above, top->first, x);
  top->second = loser > top->second ? loser : top->second;
  top->first = v_select(above, x, top->first);
  top->place = above ? place : top->place;
}

CK_INLINE void v_top_reduce(const v_top *top, float *first, float *second, int32_t *place) {
  *first = -INFINITY, *second = -INFINITY, *place = INT32_MAX;
  for (int i = 0; i < W; i++) {
    const float x = top->first[i];
    if (x > *first || (x == *first && top->place[i] < *place)) *place = top->place[i];
    const float loser = x > *first ? *first : x;
    if (x > *first) *first = x;
    if (loser > *second) *second = loser;
    if (top->second[i] > *second) *second = top->second[i];
  }
}

/// exp(-d) - 1 + d, without loss of digits for small d.
CK_INLINE double exp_rest(double d) {
  if (d > 0.0625 || d < -0.0625) return expm1(-d) + d;
  const double s = d * d;
  return s * (1.0 / 2 - d * (1.0 / 6 - d * (1.0 / 24 - d * (1.0 / 120 - d * (1.0 / 720 - d * (1.0 / 5040))))));
}

static void isa_compare_logits(long n, const float *x, const float *y, ck_logit_comparison *result) {
  v_top tx = {(vf)-INFINITY, (vf)-INFINITY, (vi)0}, ty = tx;
  vi lane, broken = 0;
  for (int i = 0; i < W; i++) lane[i] = i;
  vd difference = 0;
  vf largest = 0;
  for (long i = 0; i < n; i += W) {
    const long left = n - i;
    vf a = left >= W ? v_load(x + i) : v_load_partial(x + i, left);
    vf b = left >= W ? v_load(y + i) : v_load_partial(y + i, left);
    // Infinities minus themselves and NaN are not equal to zero.
    broken |= (a - a != 0.0f) | (b - b != 0.0f);
    vf d = a - b;
    d = d < 0.0f ? -d : d;
    difference += __builtin_convertvector(d, vd);
    largest = d > largest ? d : largest;
    if (left < W) {
      vi inside = lane < (vi)(int32_t)left;
      a = v_select(inside, a, (vf)-INFINITY), b = v_select(inside, b, (vf)-INFINITY);
    }
    v_top_take(&tx, a, lane + (int32_t)i);
    v_top_take(&ty, b, lane + (int32_t)i);
  }
  int finite = 1;
  for (int i = 0; i < W; i++) finite = finite && !broken[i];
  result->finite = finite;
  if (!finite) return;
  float first, second, other;
  v_top_reduce(&tx, &first, &second, &result->argmax_x);
  result->margin_x = first - second;
  v_top_reduce(&ty, &other, &second, &result->argmax_y);
  result->difference_sum = v_sum_double(&difference);
  result->difference_max = v_greatest(largest);

  // With p the probabilities of x and d = x - y less its constant part: the probabilities of y are p exp(-d) / Z, and
  // Z = E exp(-d) = 1 - E d + E rest(d). So KL(x || y) = E d + log Z and KL(y || x) = -E[d exp(-d)] / Z - log Z, where
  // nothing large is left to cancel: the constant part is taken off at the top of x.
  const double shift = (double)first - (double)y[result->argmax_x];
  double weight = 0, mean = 0, rest = 0, product = 0;
  for (long i = 0; i < n; i += W) {
    const long left = n - i;
    vf p = v_exp_nonpositive((left >= W ? v_load(x + i) : v_load_partial(x + i, left)) - v_set(first));
    for (long j = 0; j < W && j < left; j++) {
      const double q = p[j], d = (double)x[i + j] - (double)y[i + j] - shift, r = exp_rest(d);
      weight += q, mean += q * d, rest += q * r, product += q * d * (r - d);
    }
  }
  mean /= weight, rest /= weight, product /= weight;
  // E[d exp(-d)] = E d + E[d (exp(-d) - 1)], and exp(-d) - 1 = rest - d.
  const double excess = rest - mean, log_z = log1p(excess);
  const double xy = mean + log_z, yx = -(mean + product) / (1 + excess) - log_z;
  result->kl_xy = xy > 0 ? xy : 0;
  result->kl_yx = yx > 0 ? yx : 0;
}
