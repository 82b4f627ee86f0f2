/** How often the edge looks whether a rollout has changed, in milliseconds; whoever changes one tells it besides. */
export const ROLLOUT_POLL_MS = 2000;
/** How long a candidate that could not be loaded is left alone, in milliseconds. */
export const CANDIDATE_RETRY_MS = 10_000;
/** Answered requests of the incumbent before there is a limit to be slower than. */
export const TIMED_AFTER = 50;
/** Share of the incumbent's answers that are faster than that limit. */
export const SLOW_QUANTILE = 0.95;
/** By how much more a request is slow, in milliseconds: less is how warm a version is, which gets a twentieth of the requests of the other, and nobody notices it. */
export const SLOWER_BY_MS = 1;
/** The first answers of a version, which are not timed: they tell how it is loaded and compiled. */
export const COLD_ANSWERS = 20;
/** Shadow runs at once; a request that comes above that is not copied. */
export const SHADOW_AT_ONCE = 8;
/** Validations are counted again after so many times what it took to count them, between the first and the second number of milliseconds: a canary is judged by them. */
export const VALIDATIONS_PAUSE = 20;
export const VALIDATIONS_PAUSE_MS = [250, 5000] as const;
/** Characters of a key for which answers are to come from the same version. */
export const KEY_CHARACTERS = 256;
