// The peak rate of fused multiply-adds.
#pragma once

CK_INLINE double thread_seconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static double isa_fma_peak_probe(double seconds) {
  enum { chains = 12, steps = 400000 };
  volatile float one = 1, nothing = 0;
  vf factor = one, term = nothing, sum[chains];
  CK_UNROLL for (int i = 0; i < chains; i++) sum[i] = one + (float)i;
  double best = 0, start = thread_seconds();
  for (double now = start; now - start < seconds || best == 0;) {
    for (long step = 0; step < steps; step++) {
      CK_UNROLL for (int i = 0; i < chains; i++) sum[i] = sum[i] * factor + term;
    }
    double end = thread_seconds(), rate = 2.0 * W * chains * steps / (end - now);
    if (end > now && rate > best) best = rate;
    now = end;
  }
  vf total = 0;
  CK_UNROLL for (int i = 0; i < chains; i++) total += sum[i];
  one = total[0];
  return best;
}
