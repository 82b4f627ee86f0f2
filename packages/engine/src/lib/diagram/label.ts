/** The longest text of a label, in characters. */
const LABEL_LIMIT = 80;

/**
 * A text as Mermaid shows it in quotes, whatever it holds: all but letters, digits and a few signs becomes a character code, so that no name ends
 * the label, starts a directive or a list, or brings markup along.
 */
export function label(text: string): string {
  const signs = Array.from(text);
  const shown = signs.length > LABEL_LIMIT ? [...signs.slice(0, LABEL_LIMIT - 1), '…'] : signs;
  const safe = shown.map((sign, index) => (isPlain(sign, index) ? sign : `#${sign.codePointAt(0) ?? 63};`));
  return `"${safe.length === 0 ? ' ' : safe.join('')}"`;
}

function isPlain(sign: string, index: number): boolean {
  return /^[\p{L}\p{N}_,:()/=!?… ]$/u.test(sign) || (sign === '-' && index > 0);
}
