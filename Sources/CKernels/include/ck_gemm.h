// Matrix products.
//
// Row-major. op(A) is m x k, op(B) is k x n, C is m x n. Without transposition A is stored as [m, k] and B as [k, n];
// with it A as [k, m] and B as [n, k]. A leading dimension is the distance of two stored rows in floats.
#ifndef CK_GEMM_H
#define CK_GEMM_H

/// C = alpha op(A) op(B) + beta C. With beta 0, C is never read. C must not overlap A or B.
///
/// A row of C has the same bits whatever the other rows and their number are, except that products of fewer than four
/// rows with a transposed B sum in another order.
void ck_gemm(int transpose_a, int transpose_b, long m, long n, long k, float alpha, const float *a, long lda,
             const float *b, long ldb, float beta, float *c, long ldc);

/// Floats of a packed k x n right-hand side.
long ck_packed_count(long n, long k);
/// Packs op(B), k x n, for any number of `ck_gemm_packed`. The packed form is the same for all instruction sets.
void ck_pack_b(int transpose_b, long n, long k, const float *b, long ldb, float *packed);
/// C = alpha op(A) B + beta C with a packed B. A row of C has the same bits whatever the other rows are.
void ck_gemm_packed(int transpose_a, long m, long n, long k, float alpha, const float *a, long lda,
                    const float *packed, float beta, float *c, long ldc);

#endif
