import { describe } from 'node:test';
import { cachingCases } from './caching.suite.ts';
import type { PlanCacheHarness } from './harness.ts';
import { keepingCases } from './keeping.suite.ts';

/** Registers the tests that every `PlanCache` passes: what it keeps, and what a client makes of it. */
export function planCacheConformance(
  name: string,
  harness: PlanCacheHarness,
  options: { readonly skip?: string | false } = {},
): void {
  void describe(`${name}: plan cache conformance`, { skip: options.skip ?? false }, () => {
    keepingCases(harness);
    cachingCases(harness);
  });
}
