import type { Node } from './node.ts';
import { JqSyntaxError } from './syntax-error.ts';
import type { Token } from './token.ts';

/** The rules that refer to one another; the reader carries them, so that their files need not. */
export interface Grammar {
  /** A whole expression. */
  pipe(reader: TokenReader): Node;
  /** An expression without a comma. */
  item(reader: TokenReader): Node;
  /** A term with its suffixes. */
  term(reader: TokenReader): Node;
  /** A string, its interpolations formatted. */
  string(reader: TokenReader, format: string): Node;
}

const NESTING_MAX = 200;

/** A place in a list of tokens. */
export class TokenReader {
  readonly #tokens: readonly Token[];
  readonly #source: string;
  #index = 0;
  #depth = 0;
  readonly grammar: Grammar;

  constructor(tokens: readonly Token[], source: string, grammar: Grammar) {
    this.grammar = grammar;
    this.#tokens = tokens;
    this.#source = source;
  }

  /** A reader of the tokens inside a string. */
  inside(tokens: readonly Token[]): TokenReader {
    const reader = new TokenReader(tokens, this.#source, this.grammar);
    reader.#depth = this.#depth;
    return reader;
  }

  peek(ahead = 0): Token {
    const token = this.#tokens[Math.min(this.#index + ahead, this.#tokens.length - 1)];
    if (token === undefined) throw new JqSyntaxError('the expression is empty', 0);
    return token;
  }

  next(): Token {
    const token = this.peek();
    this.#index += 1;
    return token;
  }

  /** Whether the token here is this symbol or keyword. */
  at(text: string, ahead = 0): boolean {
    const token = this.peek(ahead);
    return (token.kind === 'symbol' || token.kind === 'word') && token.text === text;
  }

  /** Takes the symbol or keyword if it is here. */
  accept(text: string): boolean {
    if (!this.at(text)) return false;
    this.#index += 1;
    return true;
  }

  expect(text: string): void {
    if (!this.accept(text)) throw this.unexpected(`"${text}"`);
  }

  expectText(kind: 'word' | 'variable'): string {
    const token = this.peek();
    if (token.kind !== kind) throw this.unexpected(kind === 'word' ? 'a name' : 'a variable');
    this.#index += 1;
    return token.text;
  }

  expectEnd(): void {
    if (this.peek().kind !== 'end') throw this.unexpected('the end');
  }

  /** The line, from 1, of a token. */
  lineOf(token: Token): number {
    return this.#source.slice(0, token.at).split('\n').length;
  }

  /** Runs a rule one level deeper; sources nested deeper than 200 levels are refused. */
  nested<T>(rule: () => T): T {
    this.#depth += 1;
    if (this.#depth > NESTING_MAX) throw new JqSyntaxError('the expression is nested too deeply', this.peek().at);
    const result = rule();
    this.#depth -= 1;
    return result;
  }

  unexpected(wanted: string): JqSyntaxError {
    const token = this.peek();
    const found = token.kind === 'end' ? 'the end' : 'text' in token ? `"${token.text}"` : `a ${token.kind}`;
    return new JqSyntaxError(`${wanted} is expected, not ${found}`, token.at);
  }
}
