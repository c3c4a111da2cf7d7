// Cross-entropy.
#pragma once

#pragma STDC FP_CONTRACT ON

static void isa_cross_entropy(long rows, long vocabulary, const float *logits, const int32_t *targets,
                              const float *weights, float *nll, int32_t *argmax, float *dlogits) {
  for (long r = 0; r < rows; r++) {
    const float *x = logits + r * vocabulary;
    const float greatest = row_greatest(x, vocabulary), target = x[targets[r]];
    if (argmax) {
      long first = 0;
      while (first < vocabulary && x[first] != greatest) first++;
      argmax[r] = first < vocabulary ? (int32_t)first : 0;
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
