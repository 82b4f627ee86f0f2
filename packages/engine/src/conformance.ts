// The conformance suite of `WorkflowEngine`, for the tests of every engine. It registers tests of `node:test`.
export { engineConformance } from './lib/conformance-suite/engine-conformance.ts';
export type { ConformanceHarness, ConformanceWorld } from './lib/conformance-suite/harness.ts';
export { runConformanceChild } from './lib/conformance-suite/child-process.ts';
