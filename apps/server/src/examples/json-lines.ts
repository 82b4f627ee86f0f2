import { type Json, type LabelledExample, messageOf } from '@loopwright/protocol';
import { invalidExamples } from './invalid-examples.ts';
import type { ExampleLimits } from './limits.ts';
import { type TextLine, textLines } from './text-lines.ts';

/** Reads `{"input": …, "output": …}` lines; `label` may stand for `output`. Other members are dropped, blank lines skipped. */
export async function* readJsonLines(chunks: AsyncIterable<Buffer>, limits: ExampleLimits): AsyncGenerator<LabelledExample> {
  for await (const line of textLines(chunks, limits.lineBytes)) {
    if (line.text.trim() !== '') yield parseLine(line, limits.depth);
  }
}

function parseLine({ number: line, text }: TextLine, depth: number): LabelledExample {
  let value: Json;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw invalidExamples({ line, reason: `it is not JSON (${reasonOf(cause)})`, text, cause });
  }
  if (value === null || typeof value !== 'object' || Array.isArray(value))
    throw invalidExamples({ line, reason: 'it is not an object with "input" and "output"', pointer: '', text });
  const fault = faultIn(value, depth, '');
  if (fault !== undefined) throw invalidExamples({ line, ...fault, text });
  const input = own(value, 'input');
  const output = own(value, 'output');
  const label = own(value, 'label');
  if (input === undefined) throw invalidExamples({ line, reason: '"input" is missing', pointer: '/input', text });
  if (output !== undefined && label !== undefined)
    throw invalidExamples({ line, reason: 'both "output" and "label" are given', pointer: '/label', text });
  const answer = output ?? label;
  if (answer === undefined) throw invalidExamples({ line, reason: '"output" is missing', pointer: '/output', text });
  return { input, output: answer };
}

function own(value: { [key: string]: Json }, key: string): Json | undefined {
  return Object.hasOwn(value, key) ? value[key] : undefined;
}

/** Finds what would not survive being written again: numbers that overflow, and nesting that would exhaust the stack. */
function faultIn(value: Json, depth: number, pointer: string): { reason: string; pointer: string } | undefined {
  if (typeof value === 'number' && !Number.isFinite(value)) return { reason: 'a number is too large', pointer };
  if (value === null || typeof value !== 'object') return undefined;
  if (depth <= 0) return { reason: 'the JSON is nested too deeply', pointer: '' };
  for (const [key, member] of Object.entries(value)) {
    const fault = faultIn(member, depth - 1, `${pointer}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

/** V8 quotes the whole text in some messages; the first part says what is wrong. */
function reasonOf(error: unknown): string {
  const message = messageOf(error);
  return (message.startsWith('Unexpected token') ? (message.split(', ')[0] ?? message) : message).slice(0, 120);
}
