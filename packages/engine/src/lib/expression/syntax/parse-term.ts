import type { Node } from './node.ts';
import { parseObject } from './parse-object.ts';
import { parsePatterns } from './parse-pattern.ts';
import type { TokenReader } from './token-reader.ts';

/** Words that cannot name a function. */
const KEYWORDS = new Set('def if then elif else end as reduce foreach try catch label import include and or __loc__'.split(' '));

/** A term with what follows it: `.a`, `[…]`, `?`, and `as`, whose body reaches as far as it can. */
export function parsePostfix(reader: TokenReader): Node {
  if (reader.accept('-')) return { kind: 'negate', body: reader.nested(() => parsePostfix(reader)) };
  const term = parseTerm(reader);
  if (!reader.accept('as')) return term;
  const patterns = parsePatterns(reader);
  reader.expect('|');
  return { kind: 'bind', source: term, patterns, body: reader.grammar.pipe(reader) };
}

/** A term with its suffixes. */
export function parseTerm(reader: TokenReader): Node {
  let node = reader.nested(() => parsePrimary(reader));
  for (;;) {
    const token = reader.peek();
    if (token.kind === 'field') {
      reader.next();
      node = { kind: 'index', target: node, key: { kind: 'literal', value: token.text } };
    } else if (reader.at('.') && reader.peek(1).kind === 'string') {
      reader.next();
      node = { kind: 'index', target: node, key: parseString(reader, 'text') };
    } else if (reader.at('.') && reader.at('[', 1)) {
      reader.next();
    } else if (reader.at('[')) {
      node = parseBracket(reader, node);
    } else if (reader.accept('?')) {
      node = { kind: 'try', body: node, handler: undefined };
    } else {
      return node;
    }
  }
}

/** `[]`, `[key]`, `[from:to]`, `[from:]`, `[:to]` behind a term. */
function parseBracket(reader: TokenReader, target: Node): Node {
  reader.expect('[');
  if (reader.accept(']')) return { kind: 'iterate', target };
  if (reader.accept(':')) {
    const to = reader.grammar.pipe(reader);
    reader.expect(']');
    return { kind: 'slice', target, from: undefined, to };
  }
  const key = reader.grammar.pipe(reader);
  if (!reader.accept(':')) {
    reader.expect(']');
    return { kind: 'index', target, key };
  }
  const to = reader.at(']') ? undefined : reader.grammar.pipe(reader);
  reader.expect(']');
  return { kind: 'slice', target, from: key, to };
}

/** A string here, with its interpolations. */
export function parseString(reader: TokenReader, format: string): Node {
  const token = reader.next();
  if (token.kind !== 'string') throw reader.unexpected('a string');
  if (token.parts.every((part) => typeof part === 'string')) return { kind: 'literal', value: token.parts.join('') };
  const parts = token.parts.map((part) => {
    if (typeof part === 'string') return part;
    const inner = reader.inside(part);
    const node = inner.grammar.pipe(inner);
    inner.expectEnd();
    return node;
  });
  return { kind: 'string', format, parts };
}

function parsePrimary(reader: TokenReader): Node {
  const token = reader.peek();
  if (token.kind === 'string') return parseString(reader, 'text');
  if (token.kind === 'end') throw reader.unexpected('a term');
  if (token.kind === 'symbol') return parseSymbol(reader, token.text);
  reader.next();
  if (token.kind === 'number') return { kind: 'literal', value: token.value };
  if (token.kind === 'field') return { kind: 'index', target: { kind: 'identity' }, key: { kind: 'literal', value: token.text } };
  if (token.kind === 'format') {
    const name = token.text.slice(1);
    return reader.peek().kind === 'string' ? parseString(reader, name) : { kind: 'format', name };
  }
  if (token.kind === 'variable') {
    if (token.text !== '__loc__') return { kind: 'variable', name: token.text };
    return { kind: 'literal', value: { file: '<top-level>', line: reader.lineOf(token) } };
  }
  return parseWord(reader, token.text);
}

function parseSymbol(reader: TokenReader, symbol: string): Node {
  if (symbol === '.') {
    reader.next();
    if (reader.peek().kind === 'string') return { kind: 'index', target: { kind: 'identity' }, key: parseString(reader, 'text') };
    return { kind: 'identity' };
  }
  if (reader.accept('..')) return { kind: 'call', name: 'recurse', args: [] };
  if (reader.accept('(')) {
    const body = reader.grammar.pipe(reader);
    reader.expect(')');
    return body;
  }
  if (reader.accept('[')) {
    const body = reader.at(']') ? undefined : reader.grammar.pipe(reader);
    reader.expect(']');
    return { kind: 'array', body };
  }
  if (symbol === '{') return parseObject(reader);
  throw reader.unexpected('a term');
}

function parseWord(reader: TokenReader, word: string): Node {
  if (word === 'if') return parseIf(reader);
  if (word === 'try') {
    const body = parseTryBody(reader);
    return { kind: 'try', body, handler: reader.accept('catch') ? parseTryBody(reader) : undefined };
  }
  if (word === 'reduce' || word === 'foreach') return parseFold(reader, word);
  if (word === 'label') {
    const name = reader.expectText('variable');
    reader.expect('|');
    return { kind: 'label', name, body: reader.grammar.pipe(reader) };
  }
  if (word === 'def') {
    throw reader.unexpected('a term before a definition');
  }
  if (word === 'break' && reader.peek().kind === 'variable') {
    return { kind: 'break', name: reader.expectText('variable'), body: { kind: 'identity' } };
  }
  if (KEYWORDS.has(word)) throw reader.unexpected(`no "${word}" here; another term`);
  if (word === 'null') return { kind: 'literal', value: null };
  if (word === 'true' || word === 'false') return { kind: 'literal', value: word === 'true' };
  const args: Node[] = [];
  if (reader.accept('(')) {
    do args.push(reader.grammar.pipe(reader));
    while (reader.accept(';'));
    reader.expect(')');
  }
  return { kind: 'call', name: word, args };
}

/** `try` and `catch` bind tighter than every operator. */
function parseTryBody(reader: TokenReader): Node {
  return reader.accept('-') ? { kind: 'negate', body: parseTryBody(reader) } : parseTerm(reader);
}

function parseIf(reader: TokenReader): Node {
  return reader.nested(() => {
    const condition = reader.grammar.pipe(reader);
    reader.expect('then');
    const yes = reader.grammar.pipe(reader);
    if (reader.accept('elif')) return { kind: 'if', condition, yes, no: parseIf(reader) };
    const otherwise = reader.accept('else') ? reader.grammar.pipe(reader) : undefined;
    reader.expect('end');
    return { kind: 'if', condition, yes, no: otherwise };
  });
}

function parseFold(reader: TokenReader, word: 'reduce' | 'foreach'): Node {
  const source = parseTerm(reader);
  reader.expect('as');
  const patterns = parsePatterns(reader);
  reader.expect('(');
  const init = reader.grammar.pipe(reader);
  reader.expect(';');
  const update = reader.grammar.pipe(reader);
  const extract = word === 'foreach' && reader.accept(';') ? reader.grammar.pipe(reader) : undefined;
  reader.expect(')');
  if (word === 'reduce') return { kind: 'reduce', source, patterns, init, update };
  return { kind: 'foreach', source, patterns, init, update, extract };
}
