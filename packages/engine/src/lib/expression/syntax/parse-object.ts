import type { Node } from './node.ts';
import type { TokenReader } from './token-reader.ts';

interface Member {
  readonly key: Node;
  readonly value: Node;
}

/** `{ … }` with every short form of a member. */
export function parseObject(reader: TokenReader): Node {
  const members: Member[] = [];
  reader.expect('{');
  while (!reader.at('}')) {
    members.push(parseMember(reader));
    if (!reader.accept(',')) break;
  }
  reader.expect('}');
  return { kind: 'object', members };
}

function parseMember(reader: TokenReader): Member {
  const token = reader.peek();
  if (token.kind === 'variable') {
    const value = reader.grammar.term(reader);
    return { key: { kind: 'literal', value: token.text }, value };
  }
  const key = parseKey(reader);
  if (reader.accept(':')) return { key, value: parseValue(reader) };
  if (token.kind === 'symbol' || token.kind === 'number') throw reader.unexpected('":"');
  return { key, value: { kind: 'index', target: { kind: 'identity' }, key } };
}

function parseKey(reader: TokenReader): Node {
  const token = reader.peek();
  if (token.kind === 'string') return reader.grammar.string(reader, 'text');
  if (token.kind === 'format') {
    reader.next();
    if (reader.peek().kind === 'string') return reader.grammar.string(reader, token.text.slice(1));
    return { kind: 'format', name: token.text.slice(1) };
  }
  if (reader.accept('(')) {
    const key = reader.grammar.pipe(reader);
    reader.expect(')');
    return key;
  }
  return { kind: 'literal', value: reader.expectText('word') };
}

/** Values are joined by `|` but not by a comma. */
function parseValue(reader: TokenReader): Node {
  const left = reader.grammar.item(reader);
  return reader.accept('|') ? { kind: 'pipe', left, right: reader.nested(() => parseValue(reader)) } : left;
}
