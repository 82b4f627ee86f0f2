import { Places } from './text-places.ts';
import type { Found } from './survey.ts';

// Every pattern begins where a run of its own characters begins, and its parts have limits: each character of a text is looked at a bounded
// number of times, whatever the text is.
const START = '(?<![A-Za-z0-9_-])';
const PATTERNS: readonly (readonly [name: string, pattern: RegExp])[] = [
  ['AWS access key', /(?:AKIA|ASIA|ABIA|ACCA)[0-9A-Z]{16}(?![0-9A-Za-z])/],
  ['GitHub token', /(?:gh[pousr]_[A-Za-z0-9]{36,251}|github_pat_[A-Za-z0-9_]{22,244})/],
  ['Anthropic key', /sk-ant-[A-Za-z0-9_-]{16,250}/],
  ['OpenAI key', /sk-(?!ant-)(?=[A-Za-z_-]{0,200}[0-9])[A-Za-z0-9_-]{20,250}/],
  ['Slack token', /xox[abeoprs]-[A-Za-z0-9-]{10,250}/],
  ['Stripe key', /[rs]k_(?:live|test)_[A-Za-z0-9]{16,250}/],
  ['Google key', /AIza[0-9A-Za-z_-]{35}/],
  ['npm token', /npm_[A-Za-z0-9]{36}/],
  ['JSON Web Token', /eyJ[A-Za-z0-9_-]{10,4000}\.eyJ[A-Za-z0-9_-]{10,4000}\.[A-Za-z0-9_-]{10,1000}/],
].map(([name, pattern]) => [String(name), new RegExp(START + (pattern as RegExp).source, 'g')] as const);
const PRIVATE_KEY = /-----BEGIN (?:[A-Z0-9]{1,20} ){0,4}PRIVATE KEY(?: BLOCK)?-----/g;

const NAME =
  '[A-Za-z0-9_-]{0,40}?(?:secret|token|passw(?:or)?d|passwd|api[_-]?key|access[_-]?key|private[_-]?key|credential)[A-Za-z0-9_-]{0,20}';
const QUOTED = new RegExp(`${START}${NAME}["']?[ \\t]{0,4}(?:=>?|:=?)[ \\t]{0,4}["'\`]([^"'\`\\s]{12,200})["'\`]`, 'gi');
const BARE = new RegExp(`^[ \\t]{0,8}(?:export )?${NAME}[ \\t]{0,4}[=:][ \\t]{0,4}([^"'\`\\s#]{12,200})[ \\t]{0,8}\\r?$`, 'gim');
const PLACEHOLDER = /^(?:\$|<|\{|%|your|example|change|dummy|test|placeholder|process\.|env\.|secrets?\.)|\*\*\*|xxxx|\.\.\./i;

/** Bits of a character, below which a text is a word and no key. */
const ENTROPY_BITS = 3.3;

/**
 * Finds credentials: known forms, and values of high entropy that are given to something that is called a secret. Only the first four
 * characters of a finding are kept.
 */
export function findSecrets(text: string, { path, lineOf }: { path: string; lineOf: (offset: number) => number }): Found {
  const places = new Places();
  const seen = new Set<number>();
  const add = (offset: number, name: string, value: string): void => {
    if (seen.has(offset)) return;
    seen.add(offset);
    places.add(lineOf(offset), `${name} "${value.slice(0, 4)}…"`);
  };
  for (const match of text.matchAll(PRIVATE_KEY)) add(match.index, 'private key', match[0]);
  for (const [name, pattern] of PATTERNS) for (const match of text.matchAll(pattern)) add(match.index, name, match[0]);
  const isBare = /(?:^|\/)\.env[^/]*$|\.(?:env|ini|cfg|conf|properties|toml|ya?ml)$/i.test(path);
  for (const pattern of isBare ? [QUOTED, BARE] : [QUOTED]) {
    for (const match of text.matchAll(pattern)) {
      const value = match[1] ?? '';
      const offset = match.index + match[0].lastIndexOf(value);
      if (isSecretLike(value)) add(offset, 'secret of high entropy', value);
    }
  }
  return places.found();
}

function isSecretLike(value: string): boolean {
  return !PLACEHOLDER.test(value) && /[0-9]/.test(value) && /[A-Za-z]/.test(value) && entropyOf(value) >= ENTROPY_BITS;
}

/** Shannon entropy in bits a character. */
function entropyOf(text: string): number {
  const counts = new Map<string, number>();
  for (const character of text) counts.set(character, (counts.get(character) ?? 0) + 1);
  let bits = 0;
  for (const count of counts.values()) bits -= (count / text.length) * Math.log2(count / text.length);
  return bits;
}
