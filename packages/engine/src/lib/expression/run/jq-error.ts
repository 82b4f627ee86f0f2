import type { Json } from '@loopwright/protocol';
import { beginningOf } from '../value/text.ts';

/** An error that a program raises and can catch. */
export class JqError extends Error {
  override readonly name = 'JqError';
  /** What `catch` receives. */
  readonly value: Json;

  constructor(value: Json) {
    super(typeof value === 'string' ? value : `${beginningOf(value, 200)} (not a string)`);
    this.value = value;
  }
}
