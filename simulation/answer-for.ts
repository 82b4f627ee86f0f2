import type { SubmittedAnswer } from '@loopwright/engine';
import type { Node } from './node.ts';

/** An answer to the question of a task: one that counts, or one that is refused. */
export function answerFor(kind: Node['kind'], valid: boolean): SubmittedAnswer {
  if (kind === 'clarify') return { kind: 'clarification', answers: { WHICH: valid ? 'a' : 'z' } };
  return valid ? { kind: 'acceptance', accepted: true } : { kind: 'clarification', answers: { WHICH: 'a' } };
}
