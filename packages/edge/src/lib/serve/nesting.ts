import { NESTING_LIMIT } from './limits.ts';

/**
 * Whether a JSON text is nested deeper than {@link NESTING_LIMIT}. Such a value is read without trouble, but overflows the stack of
 * everything that walks through it: schema checks, writing it again.
 */
export function isNestedTooDeep(json: string): boolean {
  // Too short to be too deep; most values end here.
  if (json.length <= NESTING_LIMIT * 2) return false;
  let depth = 0;
  let isInString = false;
  for (let at = 0; at < json.length; at += 1) {
    const code = json.charCodeAt(at);
    if (isInString) {
      if (code === 0x5c) at += 1;
      else if (code === 0x22) isInString = false;
    } else if (code === 0x22) isInString = true;
    else if (code === 0x5b || code === 0x7b) {
      depth += 1;
      if (depth > NESTING_LIMIT) return true;
    } else if (code === 0x5d || code === 0x7d) depth -= 1;
  }
  return false;
}
