import { dataBlock } from '@loopwright/models';
import { type CheckFinding, findingList } from '../loop/finding.ts';

const STAGES = {
  form: 'the form of the answer was not kept',
  syntax: 'the files could not be parsed or ask for what they may not have',
  types: 'the types were not right',
  tests: 'tests failed',
} as const;

/** What a model is told of an answer that was not accepted. What checks quote is the model's own or the caller's: data. */
export function refinementPrompt(findings: readonly CheckFinding[]): string {
  const stage = findings[0]?.stage ?? 'form';
  return `Your answer was checked by machine: ${STAGES[stage]}.\n\n${dataBlock('findings', findingList(findings))}\n\nGive the whole answer again, all files, with this mended. Do not weaken tests to make them pass.`;
}
