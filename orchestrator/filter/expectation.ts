/**
 * Rollouts until a prompt with pass rate `p` is decided: at its first right and wrong one, or after `n`. With independent
 * rollouts this is a geometric wait in both directions, cut at `n` (n ≥ 2):
 * E = 1 + Σ_{k=1}^{n-1} (p^k + (1-p)^k), since rollout k+1 is needed when the first k were all right or all wrong.
 */
export function expectedRollouts(p: number, n: number): number {
  let sum = 1;
  for (let k = 1; k < n; k += 1) sum += p ** k + (1 - p) ** k;
  return sum;
}
