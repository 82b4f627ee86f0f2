import { JqSyntaxError } from './syntax-error.ts';

/** A piece of jq source. A string holds text and, for `\( … )`, the tokens of the inner source. */
export type Token = { readonly at: number } & (
  | { readonly kind: 'number'; readonly value: number }
  | { readonly kind: 'string'; readonly parts: readonly (string | readonly Token[])[] }
  | { readonly kind: 'word' | 'field' | 'variable' | 'format' | 'symbol'; readonly text: string }
  | { readonly kind: 'end' }
);

const SPACE = /(?:[ \t\r\n]|#[^\n]*)+/y;
const NUMBER = /(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?/y;
const WORD = /[A-Za-z_][A-Za-z0-9_]*(?:::[A-Za-z_][A-Za-z0-9_]*)*/y;
const FIELD = /\.[A-Za-z_][A-Za-z0-9_]*/y;
const VARIABLE = /\$[ \t]*([A-Za-z_][A-Za-z0-9_]*)/y;
const FORMAT = /@[A-Za-z0-9_]+/y;
const SYMBOL = /\?\/\/=|\?\/\/|\/\/=|\|=|\+=|-=|\*=|\/=|%=|==|!=|<=|>=|\/\/|\.\.|[.[\](){}|,:;=<>+\-*/%?]/y;
const TEXT = /[^"\\]+/y;
const UNICODE = /[0-9a-fA-F]{4}/y;
const ESCAPES: Readonly<Record<string, string>> = { '"': '"', '\\': '\\', '/': '/', b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' };
const DEPTH_MAX = 64;

/** Cuts jq source into tokens. Throws {@link JqSyntaxError}. */
export function tokenize(source: string): readonly Token[] {
  return readTokens({ source, at: 0, depth: 0 });
}

interface Cursor {
  readonly source: string;
  at: number;
  depth: number;
}

/** Reads to the end of the source or, inside a string, to the `)` that closes the interpolation. */
function readTokens(cursor: Cursor): Token[] {
  const tokens: Token[] = [];
  let open = 0;
  for (;;) {
    take(cursor, SPACE);
    const at = cursor.at;
    if (at >= cursor.source.length) {
      if (cursor.depth > 0) throw new JqSyntaxError('a string is not closed', at);
      tokens.push({ kind: 'end', at });
      return tokens;
    }
    const token = readToken(cursor);
    if (token.kind === 'symbol' && token.text === '(') open += 1;
    if (token.kind === 'symbol' && token.text === ')') open -= 1;
    if (open < 0 && cursor.depth > 0) {
      tokens.push({ kind: 'end', at });
      return tokens;
    }
    tokens.push(token);
  }
}

function readToken(cursor: Cursor): Token {
  const at = cursor.at;
  if (cursor.source[at] === '"') return readString(cursor);
  const number = take(cursor, NUMBER);
  if (number !== undefined) return { kind: 'number', value: Number(number), at };
  const field = take(cursor, FIELD);
  if (field !== undefined) return { kind: 'field', text: field.slice(1), at };
  const word = take(cursor, WORD);
  if (word !== undefined) return { kind: 'word', text: word, at };
  const variable = take(cursor, VARIABLE);
  if (variable !== undefined) return { kind: 'variable', text: variable.slice(1).trim(), at };
  const format = take(cursor, FORMAT);
  if (format !== undefined) return { kind: 'format', text: format, at };
  const symbol = take(cursor, SYMBOL);
  if (symbol !== undefined) return { kind: 'symbol', text: symbol, at };
  throw new JqSyntaxError(`unexpected character "${String.fromCodePoint(cursor.source.codePointAt(at) ?? 0)}"`, at);
}

function readString(cursor: Cursor): Token {
  const at = cursor.at;
  const parts: (string | readonly Token[])[] = [];
  let text = '';
  cursor.at += 1;
  for (;;) {
    text += take(cursor, TEXT) ?? '';
    const next = cursor.source[cursor.at];
    cursor.at += 1;
    if (next === undefined) throw new JqSyntaxError('a string is not closed', at);
    if (next === '"') break;
    const escape = cursor.source[cursor.at] ?? '';
    cursor.at += 1;
    if (escape === '(') {
      if (cursor.depth >= DEPTH_MAX) throw new JqSyntaxError('strings are nested too deeply', at);
      cursor.depth += 1;
      parts.push(text, readTokens(cursor));
      cursor.depth -= 1;
      text = '';
    } else if (escape === 'u') {
      const digits = take(cursor, UNICODE);
      if (digits === undefined) throw new JqSyntaxError('four hexadecimal digits are expected after "\\u"', cursor.at);
      text += String.fromCharCode(Number.parseInt(digits, 16));
    } else {
      const character = ESCAPES[escape];
      if (character === undefined) throw new JqSyntaxError(`unknown escape "\\${escape}"`, cursor.at - 2);
      text += character;
    }
  }
  parts.push(text);
  return { kind: 'string', parts: parts.filter((part) => part !== ''), at };
}

function take(cursor: Cursor, pattern: RegExp): string | undefined {
  pattern.lastIndex = cursor.at;
  const text = pattern.exec(cursor.source)?.[0];
  cursor.at += text?.length ?? 0;
  return text;
}
