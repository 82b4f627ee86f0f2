// How the shares of bad requests of two versions are compared while requests come in.
//
// Each look adds a batch: of n₁ requests of the candidate and n₀ of the incumbent, k were bad, x of them the candidate's. If the candidate is not worse,
// which of the requests are the bad ones has nothing to do with who answered them, and given n₁, n₀ and k, x is hypergeometric whatever the share of
// the traffic, the rate of bad requests and their course over the day are (Fisher's exact test). Against an odds ratio ψ > 1 the likelihood ratio
//
//     E(ψ) = ψˣ / Σⱼ h(j) ψʲ,   h the hypergeometric distribution,
//
// has the mean 1 under equal odds, and below 1 under smaller ones, since it grows with x. The product over batches is therefore a test martingale, and so
// is the mean over several ψ: by Ville's inequality it ever reaches 1/α with the probability α at the most, however often somebody looks and whenever
// they stop. (Ville 1939; Turner, Ly, Grünwald, "Generic E-variables for exact sequential k-sample tests", 2024; for canaries and counts of errors:
// Lindon, Malek, "Anytime-valid inference for multinomial count data", NeurIPS 2022.)

/** Odds ratios that the test is made for; what lies between them is found too. */
export const ODDS_RATIOS: readonly number[] = [1.25, 1.5, 2, 3, 5, 10, 30, 100];

/** Requests, and how many of them were bad. */
export interface Counted {
  readonly total: number;
  readonly bad: number;
}

/** Natural logarithms of the evidence for each of {@link ODDS_RATIOS}; all 0 before the first batch. */
export type Evidence = readonly number[];

export const NO_EVIDENCE: Evidence = ODDS_RATIOS.map(() => 0);

/** Adds what came since the last look. */
export function addBatch(evidence: Evidence, candidate: Counted, incumbent: Counted): Evidence {
  const bad = candidate.bad + incumbent.bad;
  if (bad === 0 || candidate.total === 0 || incumbent.total === 0) return evidence;
  const logWeights = hypergeometric(candidate.total, incumbent.total, bad);
  const least = Math.max(0, bad - incumbent.total);
  const logTotal = logSum(logWeights);
  return evidence.map((log, index) => {
    const logOdds = Math.log(ODDS_RATIOS[index] ?? 1);
    const mean = logSum(logWeights.map((weight, j) => weight + (least + j) * logOdds)) - logTotal;
    return log + candidate.bad * logOdds - mean;
  });
}

/** The evidence that the candidate is worse, all odds ratios counting alike; 1 says nothing, less speaks for the candidate. */
export function eValue(evidence: Evidence): number {
  return Math.exp(Math.min(700, logSum(evidence) - Math.log(evidence.length)));
}

/** Logarithms, up to a constant, of the probabilities of the possible numbers of bad requests of the candidate, the least first. */
function hypergeometric(candidate: number, incumbent: number, bad: number): number[] {
  const least = Math.max(0, bad - incumbent);
  const most = Math.min(bad, candidate);
  const logs = [0];
  for (let j = least; j < most; j += 1)
    logs.push((logs.at(-1) ?? 0) + Math.log(((candidate - j) * (bad - j)) / ((j + 1) * (incumbent - bad + j + 1))));
  return logs;
}

function logSum(logs: readonly number[]): number {
  let most = -Infinity;
  for (const log of logs) if (log > most) most = log;
  let sum = 0;
  for (const log of logs) sum += Math.exp(log - most);
  return most + Math.log(sum);
}
