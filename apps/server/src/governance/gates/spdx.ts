/**
 * Whether an SPDX licence expression is allowed: of an `OR` one side is enough, of an `AND` both are needed. What is no expression, such as
 * "SEE LICENSE IN …", is not allowed. Names are compared without case; `WITH` and what follows belong to the name.
 */
export function isAllowedLicence(expression: string, allowed: readonly string[]): boolean {
  const known = new Set(allowed.map((licence) => licence.toLowerCase()));
  const tokens = expression.match(/\(|\)|[^\s()]+/g) ?? [];
  let at = 0;
  const either = (): boolean => {
    let result = both();
    while (isWord(tokens[at], 'OR')) {
      at += 1;
      const right = both();
      result ||= right;
    }
    return result;
  };
  const both = (): boolean => {
    let result = one();
    while (isWord(tokens[at], 'AND')) {
      at += 1;
      const right = one();
      result &&= right;
    }
    return result;
  };
  const one = (): boolean => {
    const token = tokens[at];
    at += 1;
    if (token === '(') {
      const result = either();
      if (tokens[at] !== ')') return false;
      at += 1;
      return result;
    }
    if (token === undefined || token === ')') return false;
    let name = token.toLowerCase();
    if (isWord(tokens[at], 'WITH')) {
      name += ` with ${(tokens[at + 1] ?? '').toLowerCase()}`;
      at += 2;
    }
    return known.has(name);
  };
  // An expression that is nested so deeply is nobody's licence.
  if (tokens.length > 100) return false;
  return either() && at === tokens.length;
}

function isWord(token: string | undefined, word: string): boolean {
  return token?.toUpperCase() === word;
}
