import { classHighlighter, highlightCode } from '@lezer/highlight';
import { parser as javascript } from '@lezer/javascript';
import { parser as json } from '@lezer/json';
import { parser as python } from '@lezer/python';
import { parser as yaml } from '@lezer/yaml';

/** A piece of source and the classes of what it is. */
export interface Token {
  readonly text: string;
  readonly classes: string;
}

/** The longest text that is parsed, in characters; longer ones are shown without colours. */
const PARSED = 300_000;

const typescript = javascript.configure({ dialect: 'ts' });
const PARSERS = {
  ts: typescript,
  mts: typescript,
  cts: typescript,
  tsx: javascript.configure({ dialect: 'ts jsx' }),
  js: javascript,
  mjs: javascript,
  cjs: javascript,
  jsx: javascript.configure({ dialect: 'jsx' }),
  json,
  py: python,
  yaml,
  yml: yaml,
} as const;

/** The lines of a source, each in pieces with their classes. */
export function highlightedLines(name: string, text: string): Token[][] {
  const ending = /\.([^./]+)$/.exec(name)?.[1]?.toLowerCase() ?? '';
  const parser = Object.hasOwn(PARSERS, ending) ? PARSERS[ending as keyof typeof PARSERS] : undefined;
  if (parser === undefined || text.length > PARSED) return text.split('\n').map((line) => [{ text: line, classes: '' }]);
  const lines: Token[][] = [[]];
  highlightCode(
    text,
    parser.parse(text),
    classHighlighter,
    (piece, classes) => lines.at(-1)?.push({ text: piece, classes }),
    () => lines.push([]),
  );
  return lines;
}
