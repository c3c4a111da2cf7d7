// Cross-entropy.
#pragma once

#pragma STDC FP_CONTRACT ON

/// The first index at which a row has a value, 0 if it has none.
CK_INLINE long row_find(const float *x, float value, long width) {
  long i = 0;
  while (i + W <= width && !__builtin_reduce_or(v_load(x + i) == value)) i += W;
  while (i < width && x[i] != value) i++;
  return i < width ? i : 0;
}

static void isa_cross_entropy(long rows, long vocabulary, const float *logits, const int32_t *targets,
                              const float *weights, float *nll, int32_t *argmax, float *dlogits) {
  for (long r = 0; r < rows; r++) {
    const float *x = logits + r * vocabulary;
    const float greatest = row_greatest(x, vocabulary), target = x[targets[r]];
    if (argmax) {
      argmax[r] = (int32_t)row_find(x, greatest, vocabulary);
    }
    float *to = dlogits ? dlogits + r * vocabulary : NULL;
    float total = 0;
    vf sum = 0;
    long i = 0;
    for (; i + W <= vocabulary; i += W) {
      vf e = v_exp_nonpositive(v_load(x + i) - greatest);
      if (to) v_store(to + i, e);
      sum += e;
    }
    if (i < vocabulary) {
      vf e = v_exp_nonpositive(v_load_partial(x + i, vocabulary - i) - greatest);
      if (to) v_store_partial(to + i, e, vocabulary - i);
      for (long j = 0; j < vocabulary - i; j++) total += e[j];
    }
    total += v_sum(sum);
    if (nll) nll[r] = logf(total) + (greatest - target);
    if (to) {
      const float weight = weights ? weights[r] : 1;
      row_scale(to, weight / total, NULL, to, vocabulary);
      to[targets[r]] -= weight;
    }
  }
}
