import { PlatformError } from '@loopwright/protocol';
import { VALUE_DEPTH_LIMIT, VALUE_LIMIT_CHARACTERS } from './limits.ts';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

/** The refusal of something that is over a limit. `what` goes on after "Cannot take". */
export function overLimit(what: string, details: { limit: string; maximum: number }): PlatformError {
  return new PlatformError('LIMIT_EXCEEDED', `Cannot take ${what}: the limit is ${details.maximum}`, { details });
}

/** The JSON text of a value that is neither too long nor nested too deeply. Throws LIMIT_EXCEEDED. */
export function checkedText(value: unknown, what: string, limitCharacters: number = VALUE_LIMIT_CHARACTERS): string {
  const text = textOf(value, what);
  if (text.length > limitCharacters) {
    throw overLimit(`${what} of ${text.length} characters`, { limit: 'characters', maximum: limitCharacters });
  }
  if (isDeeper(text, VALUE_DEPTH_LIMIT)) throw tooDeep(what);
  return text;
}

function textOf(value: unknown, what: string): string {
  try {
    return JSON.stringify(value) ?? 'null';
  } catch (error) {
    // It is nested so deeply, or so long, that it cannot even be written.
    if (error instanceof RangeError) throw tooDeep(what);
    throw error;
  }
}

function tooDeep(what: string): PlatformError {
  return overLimit(`${what} that is nested too deeply`, { limit: 'depth', maximum: VALUE_DEPTH_LIMIT });
}

/** Whether a JSON text is nested deeper than a limit. It needs no stack, and looks only at texts that are long enough for it. */
export function isDeeper(text: string, limit: number): boolean {
  if (text.length <= 2 * limit) return false;
  let depth = 0;
  let inString = false;
  for (let at = 0; at < text.length; at += 1) {
    const sign = text.charCodeAt(at);
    if (sign === QUOTE) inString = !inString;
    else if (inString) at += sign === BACKSLASH ? 1 : 0;
    else if (sign === OPEN_ARRAY || sign === OPEN_OBJECT) depth += 1;
    else if (sign === CLOSE_ARRAY || sign === CLOSE_OBJECT) depth -= 1;
    if (depth > limit) return true;
  }
  return false;
}
