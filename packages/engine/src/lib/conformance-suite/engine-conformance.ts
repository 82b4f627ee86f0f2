import { describe } from 'node:test';
import { answerCases } from './answers.suite.ts';
import { controlCases } from './control.suite.ts';
import { durabilityCases } from './durability.suite.ts';
import type { ConformanceHarness } from './harness.ts';
import { languageCases } from './language.suite.ts';
import { relativeCases } from './relatives.suite.ts';
import { startCases } from './starts.suite.ts';

/** Registers the tests that every engine passes: the guarantees of `WorkflowEngine`, whatever carries it. */
export function engineConformance(name: string, harness: ConformanceHarness): void {
  void describe(`${name}: conformance`, () => {
    startCases(harness);
    answerCases(harness);
    controlCases(harness);
    languageCases(harness);
    relativeCases(harness);
    durabilityCases(harness);
  });
}
