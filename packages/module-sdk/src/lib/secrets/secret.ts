import { inspect } from 'node:util';
import { REDACTED } from './redactor.ts';

/** The value of a secret. Printed, logged or made JSON it is `[REDACTED]`; only {@link Secret.reveal} gives it. */
export class Secret {
  readonly name: string;
  readonly #value: string;

  constructor(name: string, value: string) {
    this.name = name;
    this.#value = value;
  }

  reveal(): string {
    return this.#value;
  }

  toString(): string {
    return REDACTED;
  }

  toJSON(): string {
    return REDACTED;
  }

  [inspect.custom](): string {
    return `Secret(${this.name}) ${REDACTED}`;
  }
}
