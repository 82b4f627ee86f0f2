import type { InputKind } from '../read/input-kind.ts';
import { literal } from './literal.ts';

/** The TypeScript type of an input. */
export function inputType(kind: InputKind): string {
  if (kind.kind === 'text') return kind.field === null ? 'string' : `{ readonly ${literal(kind.field)}: string }`;
  const members = kind.fields.map((field) => {
    const type = field.kind === 'category' ? 'string' : field.kind;
    return `  readonly ${literal(field.name)}${field.always ? `: ${type}` : `?: ${type} | null`};`;
  });
  return `{\n${members.join('\n')}\n}`;
}
