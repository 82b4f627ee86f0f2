import { basename } from 'node:path';
import { messageOf } from '@loopwright/protocol/message-of';
import type { z } from 'zod';
import { codeFacts, unparsed } from './code-facts.ts';
import { cellsWithOutputs, dependenciesIn } from './dependencies.ts';
import { kindOf } from './file-kind.ts';
import { SURVEY_LIMITS } from './limits.ts';
import { listFiles } from './list-files.ts';
import { type Contents, ContentReader } from './read-contents.ts';
import type { CodeFacts, FileFacts, SurveyOptions, Validation, surveyLineSchema } from './survey.ts';
import { type TextSearch, textFacts } from './text-facts.ts';
import { NOTHING } from './text-places.ts';

/** What the process of a survey is told: the options, and which files ended the process before it. */
export interface SurveyOrder extends SurveyOptions {
  /** The file at which to begin; `null` for the first one. */
  readonly from: string | null;
  /** Files that are not parsed. */
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

/** Looks at every file of a workspace; gives the lines that the process of a survey writes. */
export async function* examineFiles(order: SurveyOrder): AsyncGenerator<z.infer<typeof surveyLineSchema>> {
  const listing = listFiles(order.root, order.maxEntries);
  const reader = new ContentReader(order.root);
  const names = new Set(listing.files.flatMap(({ path }) => referredNames(path)));
  const examiner = new Examiner(order, { reader, names });
  for (const [number, { path, bytes }] of listing.files.entries()) {
    // The file that ended the process is looked at again, without being parsed.
    if (order.from !== null && path < order.from) continue;
    yield { begin: path };
    yield { file: examiner.factsOf(path, { bytes, number }) };
  }
  const validations = await validated(order, (path) => {
    const listed = listing.files.find((file) => file.path === path);
    return listed === undefined ? undefined : reader.read(path, listed.bytes);
  });
  yield { end: { links: [...listing.links], left: listing.left, validations } };
}

/** What checks schemas takes longer to read than most surveys take, and the process of a survey keeps no compiled code: so only where there are some. */
async function validated({ validators }: SurveyOrder, contentsOf: (path: string) => Contents | undefined): Promise<Validation[]> {
  if (validators.length === 0) return [];
  const { validateDocuments } = await import('./validate-documents.ts');
  return validateDocuments(validators, contentsOf);
}

class Examiner {
  readonly #order: SurveyOrder;
  readonly #reader: ContentReader;
  readonly #search: TextSearch;
  #runnableLeft: number = SURVEY_LIMITS.runnableBytes;

  constructor(order: SurveyOrder, { reader, names }: { reader: ContentReader; names: ReadonlySet<string> }) {
    const { forbiddenTerms, colors, fonts } = order;
    this.#order = order;
    this.#reader = reader;
    this.#search = { forbiddenTerms, colors, fonts, names };
  }

  factsOf(path: string, { bytes, number }: { bytes: number; number: number }): FileFacts {
    const kind = kindOf(path);
    const contents = this.#reader.read(path, bytes);
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
    const facts = { ...base, ...textFacts(text, path, this.#search), ...dependenciesIn(text, path) };
    if (kind === 'notebook') return { ...facts, notebookOutputs: cellsWithOutputs(text) };
    // Tests import documents too.
    if (path.endsWith('.json')) return { ...facts, runnable: this.#keptFor(text) };
    if (kind !== 'code' && kind !== 'test') return facts;
    const { code, runnable } = this.#parsed(text, contents, { path, number, isTest: kind === 'test' });
    return { ...facts, code, runnable };
  }

  #parsed(
    text: string,
    { bytes }: Contents,
    module: { path: string; number: number; isTest: boolean },
  ): { code: CodeFacts; runnable: string | null } {
    if (this.#order.deadly.includes(module.path)) return { code: unparsed(1, 'the parser ended on it'), runnable: null };
    if (bytes > SURVEY_LIMITS.codeBytes)
      return { code: unparsed(1, `it has more than ${SURVEY_LIMITS.codeBytes} bytes and is not parsed`), runnable: null };
    try {
      const { facts, runnable } = codeFacts(text, module);
      return { code: facts, runnable: runnable === null ? null : this.#keptFor(runnable) };
    } catch (error) {
      return { code: unparsed(1, `it cannot be looked at: ${messageOf(error)}`), runnable: null };
    }
  }

  /** A text as it is kept for the tests, as long as there is room for it. */
  #keptFor(text: string): string | null {
    if (!this.#order.runnable || text.length > this.#runnableLeft) return null;
    this.#runnableLeft -= text.length;
    return text;
  }
}

/** The names by which others refer to a file: its own, and without the ending where the language leaves that out. */
function referredNames(path: string): string[] {
  const name = basename(path);
  return /\.(?:py|r|java|go|rb|rs|php|cs|kt)$/i.test(name) ? [name, name.slice(0, name.lastIndexOf('.'))] : [name];
}
