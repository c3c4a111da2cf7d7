// Products of queries with running sums of keys: the normaliser of linear attention. Declared in ck_scan.h.
#pragma once

#pragma STDC FP_CONTRACT ON

static void isa_running_dots_forward(long time, long width, const float *q, long ldq, const float *k, long ldk,
                                     float *sum, float *dots) {
  for (long t = 0; t < time; t++, q += ldq, k += ldk) {
    vf dot = 0;
    for (long j = 0; j < width; j += W) {
      vf all = row_load(sum, j, width) + row_load(k, j, width);
      row_store(sum, j, width, all);
      dot = row_load(q, j, width) * all + dot;
    }
    dots[t] = v_sum(dot);
  }
}

/// The sums of rows times factors up to each row, times the factor of that row if `scales`: into or onto rows of `to`.
CK_INLINE void running_sums(const int scales, long time, long width, const float *rows, long ld, const float *factors,
                            float *sum, long step, float *to, long ldt, int accumulate) {
  for (long j = 0; j < width; j += W) row_store(sum, j, width, (vf)0.0f);
  for (long n = 0, t = step < 0 ? time - 1 : 0; n < time; n++, t += step) {
    const float factor = factors[t];
    for (long j = 0; j < width; j += W) {
      vf row = row_load(rows + t * ld, j, width);
      vf all = row_load(sum, j, width) + (scales ? row : factor * row);
      row_store(sum, j, width, all);
      vf d = scales ? factor * all : all;
      row_store(to + t * ldt, j, width, accumulate ? row_load(to + t * ldt, j, width) + d : d);
    }
  }
}

static void isa_running_dots_backward(long time, long width, const float *q, long ldq, const float *k, long ldk,
                                      const float *ddots, float *dq, long lddq, int accumulate_q, float *dk, long lddk,
                                      int accumulate_k, float *scratch) {
  // dq_t is ddots_t times the sum of the keys so far; dk_t the sum of ddots q from t on.
  running_sums(1, time, width, k, ldk, ddots, scratch, 1, dq, lddq, accumulate_q);
  running_sums(0, time, width, q, ldq, ddots, scratch, -1, dk, lddk, accumulate_k);
}
