// The lightning indexer of DeepSeek-V3.2, and the choice of the greatest.
#pragma once

#pragma STDC FP_CONTRACT ON

/// The count-th greatest of n values, which are reordered (Hoare's quickselect).
CK_INLINE float select_nth(float *values, long n, long count) {
  long low = 0, high = n - 1;
  const long place = count - 1;
  while (low < high) {
    const float pivot = values[(low + high) / 2];
    long i = low, j = high;
    while (i <= j) {
      while (values[i] > pivot) i++;
      while (values[j] < pivot) j--;
      if (i <= j) {
        const float swapped = values[i];
        values[i++] = values[j];
        values[j--] = swapped;
      }
    }
    if (place <= j)
      high = j;
    else if (place >= i)
      low = i;
    else
      break;
  }
  return values[place];
}

/// Copies values that may be among the `count` greatest to `kept`: all that are not below some bound that at least
/// `count` values reach. Returns how many. The bound is a greatest of greatests of groups, found without branches.
CK_INLINE long select_candidates(long n, const float *values, long count, float *kept) {
  const long vectors = n / W, depth = vectors / (2 * count / W + 1), groups = depth > 0 ? vectors / depth : 0;
  if (depth < 2 || groups * W < count) {
    memcpy(kept, values, (size_t)n * sizeof *kept);
    return n;
  }
  for (long g = 0; g < groups; g++) {
    vf most = v_load(values + g * depth * W);
    for (long v = 1; v < depth; v++) most = v_max(v_load(values + (g * depth + v) * W), most);
    v_store(kept + g * W, most);
  }
  const vf bound = select_nth(kept, groups * W, count);
  long found = 0, i = 0;
  for (; i + W <= n; i += W) {
    const vf x = v_load(values + i);
    if (v_greatest(x) < bound[0]) continue;
    for (long j = i; j < i + W; j++)
      if (values[j] >= bound[0]) kept[found++] = values[j];
  }
  for (; i < n; i++)
    if (values[i] >= bound[0]) kept[found++] = values[i];
  return found;
}

static void isa_select_top(long n, const float *values, long count, int32_t *places, float *scratch) {
  long chosen = 0;
  if (n <= count) {
    for (; chosen < n; chosen++) places[chosen] = (int32_t)chosen;
  } else {
    const long candidates = select_candidates(n, values, count, scratch);
    const float least = select_nth(scratch, candidates, count);
    long greater = 0, equal = 0;
    for (long i = 0; i < candidates; i++) greater += scratch[i] > least, equal += scratch[i] == least;
    // Of those that are equal to the least, the first are left out.
    long skipped = equal - (count - greater);
    for (long i = 0; i < n && chosen < count; i++) {
      // Few rows of the values have one that is chosen.
      if (i + W <= n && v_greatest(v_load(values + i)) < least) {
        i += W - 1;
        continue;
      }
      for (long end = i + W < n ? i + W : n; i < end && chosen < count; i++)
        if (values[i] > least || (values[i] == least && --skipped < 0)) places[chosen++] = (int32_t)i;
      i--;
    }
  }
  for (; chosen < count; chosen++) places[chosen] = -1;
}

/// scores += weight max(0, products), over whole vectors.
CK_INLINE void indexer_add(float weight, const float *products, float *scores, long columns) {
  const vf zero = 0;
  for (long j = 0; j < columns; j += W)
    v_store(scores + j, weight * v_max(v_load(products + j), zero) + v_load(scores + j));
}

/// The scores of blocks, from those of the tokens up to t, in place. Returns how many blocks there are.
CK_INLINE long indexer_pool(float *scores, long t, long block_size) {
  if (block_size == 1) return t + 1;
  long blocks = 0;
  for (long s = 0; s <= t; s += block_size) {
    float best = scores[s];
    for (long j = s + 1; j < s + block_size && j <= t; j++) best = scores[j] > best ? scores[j] : best;
    scores[blocks++] = best;
  }
  return blocks;
}

static void isa_indexer_select(const ck_indexer *indexer, long count, long block_size, int32_t *blocks,
                               float *scratch) {
  const long time = indexer->time, width = indexer->dimension, ld = (time + CK_PANEL - 1) / CK_PANEL * CK_PANEL;
  float *keys = scratch, *products = keys + ld * width, *scores = products + CK_TILE_ROWS * ld;
  float *spare = scores + CK_TILE_ROWS * ld;
  pack_panels(1, time, width, indexer->k, indexer->ldk, keys, width * CK_PANEL);
  for (long i = 0; i < time; i += CK_TILE_ROWS) {
    const long rows = time - i < CK_TILE_ROWS ? time - i : CK_TILE_ROWS, last = i + rows - 1;
    const long columns = (last + CK_PANEL) / CK_PANEL * CK_PANEL;
    // While there are no more blocks than may be chosen, there is nothing to score.
    const int scored = last / block_size + 1 > count;
    if (scored) memset(scores, 0, (size_t)(rows * ld) * sizeof *scores);
    for (long h = 0; scored && h < indexer->heads; h++) {
      gemm_product(0, rows, columns, width, 1, indexer->q + i * indexer->ldq + h * width, indexer->ldq, keys,
                   width * CK_PANEL, CK_PANEL, 0, products, ld);
      for (long r = 0; r < rows; r++)
        indexer_add(indexer->scale * indexer->w[(i + r) * indexer->ldw + h], products + r * ld, scores + r * ld,
                    columns);
    }
    for (long r = 0; r < rows; r++) {
      const long visible = scored ? indexer_pool(scores + r * ld, i + r, block_size) : (i + r) / block_size + 1;
      isa_select_top(visible, scores + r * ld, count, blocks + (i + r) * count, spare);
    }
  }
}

static void isa_indexer_scores(const ck_indexer *indexer, long keys, float *scores, float *scratch) {
  isa_gemm(0, 1, indexer->heads, keys, indexer->dimension, 1, indexer->q, indexer->dimension, indexer->k, indexer->ldk,
           0, scratch, keys);
  const vf zero = 0;
  for (long j = 0; j < keys; j += W) {
    vf sum = 0;
    for (long h = 0; h < indexer->heads; h++)
      sum = indexer->scale * indexer->w[h] * v_max(row_load(scratch + h * keys, j, keys), zero) + sum;
    row_store(scores, j, keys, sum);
  }
}

/// One query's part of the KL divergence: turns its scores into slopes, weight (softmax(scores) - p). Returns the
/// divergence.
CK_INLINE double indexer_divergence(long n, float *scores, const float *p, float share, float weight) {
  double greatest = -INFINITY, sum = 0, divergence = 0;
  for (long s = 0; s < n; s++) greatest = scores[s] > greatest ? scores[s] : greatest;
  for (long s = 0; s < n; s++) sum += exp(scores[s] - greatest);
  const double logsumexp = greatest + log(sum);
  for (long s = 0; s < n; s++) {
    const double own = scores[s] - logsumexp, target = (double)p[s] * share;
    if (target > 0) divergence += target * (log(target) - own);
    scores[s] = weight * (float)(exp(own) - target);
  }
  return divergence;
}

static double isa_indexer_backward(const ck_indexer *indexer, long count, long block_size, const int32_t *blocks,
                                   const float *attended, float share, float weight,
                                   const ck_indexer_gradients *gradients, float *scratch) {
  const long heads = indexer->heads, width = indexer->dimension, most = count * block_size;
  float *keys = scratch, *dkeys = keys + most * width, *products = dkeys + most * width;
  float *slopes = products + heads * most, *scores = slopes + heads * most, *target = scores + most;
  int32_t *tokens = (int32_t *)(target + most);
  double divergence = 0;
  for (long t = 0; t < indexer->time; t++) {
    const float *q = indexer->q + t * indexer->ldq, *w = indexer->w + t * indexer->ldw;
    long n = 0;
    for (long c = 0; c < count; c++) {
      const long block = blocks[t * count + c];
      for (long s = block * block_size; block >= 0 && s < (block + 1) * block_size && s <= t; s++) {
        memcpy(keys + n * width, indexer->k + s * indexer->ldk, (size_t)width * sizeof *keys);
        target[n] = attended[t * most + c * block_size + s - block * block_size];
        tokens[n++] = (int32_t)s;
      }
    }
    isa_gemm(0, 1, heads, n, width, 1, q, width, keys, width, 0, products, n);
    for (long s = 0; s < n; s++) {
      scores[s] = 0;
      for (long h = 0; h < heads; h++) scores[s] += indexer->scale * w[h] * fmaxf(products[h * n + s], 0);
    }
    divergence += indexer_divergence(n, scores, target, share, weight);
    for (long h = 0; h < heads; h++) {
      float sum = 0;
      for (long s = 0; s < n; s++) {
        const float z = products[h * n + s], slope = indexer->scale * scores[s];
        sum += slope * fmaxf(z, 0);
        slopes[h * n + s] = z > 0 ? slope * w[h] : 0;
      }
      gradients->dw[t * gradients->lddw + h] += sum;
    }
    isa_gemm(0, 0, heads, width, n, 1, slopes, n, keys, width, 1, gradients->dq + t * gradients->lddq, width);
    isa_gemm(1, 0, n, width, heads, 1, slopes, n, q, width, 0, dkeys, width);
    for (long s = 0; s < n; s++) {
      float *to = gradients->dk + tokens[s] * gradients->lddk;
      for (long c = 0; c < width; c++) to[c] += dkeys[s * width + c];
    }
  }
  return weight * divergence;
}
