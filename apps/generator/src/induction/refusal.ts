import type { JsonObject } from '@loopwright/protocol';

/** Why no program can be learned from the examples. */
export type RefusalCode =
  | 'too_few_examples'
  | 'too_many_examples'
  | 'one_class'
  | 'too_many_classes'
  | 'contradictory_labels'
  | 'unsupported_input'
  | 'unsupported_output'
  | 'mixed_kinds'
  | 'input_too_long'
  | 'no_signal'
  | 'no_program';

/** A refusal: a code for programs, a sentence for people, numbers and a sample of what is meant. */
export interface Refused {
  readonly code: RefusalCode;
  readonly reason: string;
  readonly details: JsonObject;
}

/** Makes a {@link Refused}. */
export function refuse(code: RefusalCode, reason: string, details: JsonObject): Refused {
  return { code, reason, details };
}
