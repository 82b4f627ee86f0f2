import { PlatformError } from '@loopwright/protocol';

const EXCERPT_LENGTH = 120;

/** Where and why examples cannot be used. Lines count from 1. */
export interface ExampleFault {
  readonly line: number;
  readonly reason: string;
  /** JSON pointer into the example. */
  readonly pointer?: string;
  /** The text of the line, as far as it is text. */
  readonly text?: string;
  readonly cause?: unknown;
}

/** The error `INVALID_EXAMPLES` for one line, with the beginning of the line made fit to be shown. */
export function invalidExamples({ line, reason, pointer, text = '', cause }: ExampleFault): PlatformError {
  const excerpt = text
    .slice(0, EXCERPT_LENGTH)
    .replaceAll(/\p{Cc}/gu, '\uFFFD')
    .toWellFormed();
  return new PlatformError('INVALID_EXAMPLES', `Cannot read line ${line}: ${reason}`, {
    details: { line, reason, ...(pointer === undefined ? {} : { pointer }), excerpt },
    cause,
  });
}
