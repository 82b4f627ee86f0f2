// The conformance suite of `PlanCache`, for the tests of every adapter. It registers tests of `node:test`.
export { planCacheConformance } from './lib/conformance-suite/plan-cache-conformance.ts';
export type { PlanCacheHarness, PlanCacheWorld } from './lib/conformance-suite/harness.ts';
