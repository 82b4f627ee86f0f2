import type { Pattern, PatternMember } from './node.ts';
import type { TokenReader } from './token-reader.ts';

/** Patterns with alternatives: `[$a] ?// $a`. */
export function parsePatterns(reader: TokenReader): readonly Pattern[] {
  const patterns = [parsePattern(reader)];
  while (reader.accept('?//')) patterns.push(parsePattern(reader));
  return patterns;
}

function parsePattern(reader: TokenReader): Pattern {
  return reader.nested(() => {
    if (reader.accept('[')) {
      const items = [parsePattern(reader)];
      while (reader.accept(',')) items.push(parsePattern(reader));
      reader.expect(']');
      return { kind: 'array', items };
    }
    if (reader.accept('{')) {
      const members = [parseMember(reader)];
      while (reader.accept(',')) members.push(parseMember(reader));
      reader.expect('}');
      return { kind: 'object', members };
    }
    return { kind: 'variable', name: reader.expectText('variable') };
  });
}

function parseMember(reader: TokenReader): PatternMember {
  const token = reader.peek();
  if (token.kind === 'variable') {
    reader.next();
    const member = { key: { kind: 'literal', value: token.text }, variable: token.text } as const;
    return reader.accept(':') ? { ...member, value: parsePattern(reader) } : member;
  }
  if (token.kind === 'string') {
    const key = reader.grammar.string(reader, 'text');
    reader.expect(':');
    return { key, value: parsePattern(reader) };
  }
  if (reader.accept('(')) {
    const key = reader.grammar.pipe(reader);
    reader.expect(')');
    reader.expect(':');
    return { key, value: parsePattern(reader) };
  }
  const name = reader.expectText('word');
  reader.expect(':');
  return { key: { kind: 'literal', value: name }, value: parsePattern(reader) };
}
