import type { ArithmeticOperator, ComparisonOperator, FunctionDefinition, Node } from './node.ts';
import { parsePostfix, parseString, parseTerm } from './parse-term.ts';
import { tokenize } from './token.ts';
import { type Grammar, TokenReader } from './token-reader.ts';

const GRAMMAR: Grammar = { pipe: parsePipe, item: parseWithoutComma, term: parseTerm, string: parseString };

/** Reads a jq program. Throws `JqSyntaxError`. */
export function parse(source: string): Node {
  const reader = new TokenReader(tokenize(source), source, GRAMMAR);
  const node = parsePipe(reader);
  reader.expectEnd();
  return node;
}

/** Reads definitions without a program behind them, as a library has. */
export function parseDefinitions(source: string): readonly FunctionDefinition[] {
  const reader = new TokenReader(tokenize(source), source, GRAMMAR);
  const definitions: FunctionDefinition[] = [];
  while (reader.at('def')) definitions.push(parseDefinition(reader));
  reader.expectEnd();
  return definitions;
}

/** `a | b`, the loosest binding; a definition counts to the end of the pipe it stands in. */
function parsePipe(reader: TokenReader): Node {
  return reader.nested(() => {
    if (reader.at('def')) {
      const definition = parseDefinition(reader);
      return { kind: 'function', definition, rest: parsePipe(reader) };
    }
    const left = parseLevel(reader, 0);
    return reader.accept('|') ? { kind: 'pipe', left, right: parsePipe(reader) } : left;
  });
}

/** What may stand in a member of an object: no comma. */
function parseWithoutComma(reader: TokenReader): Node {
  return reader.nested(() => parseLevel(reader, 1));
}

function parseDefinition(reader: TokenReader): FunctionDefinition {
  reader.expect('def');
  const name = reader.expectText('word');
  const parameters: string[] = [];
  if (reader.accept('(')) {
    do {
      parameters.push(reader.peek().kind === 'variable' ? `$${reader.expectText('variable')}` : reader.expectText('word'));
    } while (reader.accept(';'));
    reader.expect(')');
  }
  reader.expect(':');
  const body = parsePipe(reader);
  reader.expect(';');
  return { name, parameters, body };
}

interface Level {
  readonly operators: readonly string[];
  readonly associates: 'left' | 'right' | 'none';
}

/** Binary operators from the loosest to the tightest, below the pipe. */
const LEVELS: readonly Level[] = [
  { operators: [','], associates: 'left' },
  { operators: ['//', '?//'], associates: 'right' },
  { operators: ['=', '|=', '+=', '-=', '*=', '/=', '%=', '//='], associates: 'none' },
  { operators: ['or'], associates: 'left' },
  { operators: ['and'], associates: 'left' },
  { operators: ['==', '!=', '<', '<=', '>', '>='], associates: 'none' },
  { operators: ['+', '-'], associates: 'left' },
  { operators: ['*', '/', '%'], associates: 'left' },
];

function parseLevel(reader: TokenReader, index: number): Node {
  const level = LEVELS[index];
  if (level === undefined) return parsePostfix(reader);
  let left = parseLevel(reader, index + 1);
  for (;;) {
    const operator = level.operators.find((text) => reader.at(text));
    if (operator === undefined) return left;
    reader.next();
    const right = level.associates === 'right' ? reader.nested(() => parseLevel(reader, index)) : parseLevel(reader, index + 1);
    left = combine(operator, left, right);
    if (level.associates === 'none' && level.operators.some((text) => reader.at(text)))
      throw reader.unexpected('an operator that can follow');
    if (level.associates === 'right') return left;
  }
}

const JOINTS = { ',': 'comma', '//': 'alternative', and: 'and', or: 'or' } as const;

function combine(operator: string, left: Node, right: Node): Node {
  if (operator === '?//') return { kind: 'alternative', left: { kind: 'try', body: left, handler: undefined }, right };
  if (operator === ',' || operator === '//' || operator === 'and' || operator === 'or')
    return { kind: JOINTS[operator], left, right };
  if (operator === '=' || operator === '|=' || operator === '//=') return { kind: 'assign', operator, left, right };
  if (/^[+\-*/%]=$/.test(operator)) return { kind: 'assign', operator: operator.slice(0, 1) as ArithmeticOperator, left, right };
  return { kind: 'binary', operator: operator as ArithmeticOperator | ComparisonOperator, left, right };
}
