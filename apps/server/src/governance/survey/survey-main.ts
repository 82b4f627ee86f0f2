// The process of a survey: it reads what nobody trusts with a parser written in another language, which some texts end. It gets what it is told as
// one line of JSON on its standard input, and writes a line for each file; see `survey-workspace.ts`.
import { readFileSync, writeSync } from 'node:fs';
import { basename } from 'node:path';
import { messageOf } from '@loopwright/protocol';
import { codeFacts, unparsed } from './code-facts.ts';
import { cellsWithOutputs, dependenciesIn } from './dependencies.ts';
import { kindOf } from './file-kind.ts';
import { SURVEY_LIMITS } from './limits.ts';
import { listFiles } from './list-files.ts';
import { type Contents, ContentReader } from './read-contents.ts';
import type { CodeFacts, FileFacts, SurveyOptions } from './survey.ts';
import { type TextSearch, textFacts } from './text-facts.ts';
import { NOTHING } from './text-places.ts';
import { validateDocuments } from './validate-documents.ts';

/** What the process is told: the options, and which file ended the process before it. */
interface Order extends SurveyOptions {
  readonly after: string | null;
  readonly deadly: readonly string[];
}

/** What is known of the text of a file that has none. */
const NO_TEXT = {
  characters: 0,
  headings: 0,
  secrets: NOTHING,
  emojis: NOTHING,
  terms: NOTHING,
  colors: NOTHING,
  fonts: NOTHING,
  personal: NOTHING,
  health: NOTHING,
  mentions: [],
};

const order = JSON.parse(readFileSync(0, 'utf8')) as Order;
const listing = listFiles(order.root, order.maxEntries);
const reader = new ContentReader(order.root);
const search: TextSearch = {
  forbiddenTerms: order.forbiddenTerms,
  colors: order.colors,
  fonts: order.fonts,
  names: new Set(listing.files.flatMap(({ path }) => referredNames(path))),
};
let runnableLeft: number = SURVEY_LIMITS.runnableBytes;

for (const [number, { path, bytes }] of listing.files.entries()) {
  // The file that ended the process is looked at again, without being parsed.
  if (order.after !== null && path < order.after) continue;
  write({ begin: path });
  write({ file: factsOf(path, { bytes, number }) });
}
const validations = validateDocuments(order.validators, (path) => {
  const listed = listing.files.find((file) => file.path === path);
  return listed === undefined ? undefined : reader.read(path, listed.bytes);
});
write({ end: { links: listing.links, left: listing.left, validations } });

function factsOf(path: string, { bytes, number }: { bytes: number; number: number }): FileFacts {
  const kind = kindOf(path);
  const contents = reader.read(path, bytes);
  const { text } = contents;
  const base = {
    path,
    number,
    kind,
    bytes: contents.bytes,
    digest: contents.digest,
    unread: contents.unread,
    isText: text !== null,
    notebookOutputs: null,
    dependencies: [],
    isLock: false,
    code: null,
    runnable: null,
  };
  if (text === null) return { ...base, ...NO_TEXT };
  const facts = { ...base, ...textFacts(text, path, search), ...dependenciesIn(text, path) };
  if (kind === 'notebook') return { ...facts, notebookOutputs: cellsWithOutputs(text) };
  // Tests import documents too.
  if (path.endsWith('.json')) return { ...facts, runnable: keptFor(text) };
  if (kind !== 'code' && kind !== 'test') return facts;
  const { code, runnable } = parsed(text, contents, { path, number, isTest: kind === 'test' });
  return { ...facts, code, runnable };
}

function parsed(
  text: string,
  { bytes }: Contents,
  module: { path: string; number: number; isTest: boolean },
): { code: CodeFacts; runnable: string | null } {
  if (order.deadly.includes(module.path)) return { code: unparsed(1, 'the parser ended on it'), runnable: null };
  if (bytes > SURVEY_LIMITS.codeBytes)
    return { code: unparsed(1, `it has more than ${SURVEY_LIMITS.codeBytes} bytes and is not parsed`), runnable: null };
  try {
    const { facts, runnable } = codeFacts(text, module);
    return { code: facts, runnable: runnable === null ? null : keptFor(runnable) };
  } catch (error) {
    return { code: unparsed(1, `it cannot be looked at: ${messageOf(error)}`), runnable: null };
  }
}

/** A text as it is kept for the tests, as long as there is room for it. */
function keptFor(text: string): string | null {
  if (!order.runnable || text.length > runnableLeft) return null;
  runnableLeft -= text.length;
  return text;
}

/** The names by which others refer to a file: its own, and without the ending where the language leaves that out. */
function referredNames(path: string): string[] {
  const name = basename(path);
  return /\.(?:py|r|java|go|rb|rs|php|cs|kt)$/i.test(name) ? [name, name.slice(0, name.lastIndexOf('.'))] : [name];
}

/** Writes a line whole: what was written before the parser ends the process must be read. */
function write(line: unknown): void {
  const bytes = Buffer.from(`${JSON.stringify(line)}\n`);
  for (let from = 0; from < bytes.length;) {
    try {
      from += writeSync(1, bytes, from);
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EAGAIN')) throw error;
    }
  }
}
