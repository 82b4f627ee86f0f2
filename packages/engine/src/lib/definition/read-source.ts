import { type JsonObject, PlatformError, issueDetails, jsonObjectSchema, toJson } from '@loopwright/protocol';
import { type Document, LineCounter, type Node, isMap, isNode, isScalar, isSeq, parseDocument } from 'yaml';
import { isDeeper } from '../check-value.ts';
import { DEFINITION_DEPTH_LIMIT, DEFINITION_LIMIT_CHARACTERS } from '../limits.ts';

/** Something that is wrong at one place of a definition. */
export interface Issue {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

/** The text of a definition that was read, and where its parts stand. */
export interface DefinitionSource {
  readonly value: JsonObject;
  /** The refusal of this text: every issue with JSON pointer, line and column. */
  refuse(issues: readonly Issue[]): PlatformError;
}

/** Reads YAML or JSON text. Throws INVALID_DEFINITION when it is too long, is neither, or is no object. */
export function readSource(text: string): DefinitionSource {
  refuseTooMuch(text);
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, version: '1.2', merge: false });
  if (document.errors.length > 0) {
    throw new PlatformError('INVALID_DEFINITION', 'Cannot read the definition: it is not YAML or JSON', {
      details: {
        issues: document.errors.map((error) => {
          const { line, col } = lines.linePos(error.pos[0]);
          return { pointer: '', line, column: col, message: error.message.split('\n')[0] ?? '' };
        }),
      },
    });
  }
  const refuse = (issues: readonly Issue[]): PlatformError => {
    const first = issues[0];
    const more = issues.length > 1 ? ` (and ${issues.length - 1} more)` : '';
    const located = issues.map((issue) => {
      const { line, col } = lines.linePos(offsetOf(document, issue.path));
      const pointed = issueDetails([issue])['issues'];
      return { ...(Array.isArray(pointed) ? Object(pointed[0]) : {}), line: Math.max(line, 1), column: Math.max(col, 1) };
    });
    return new PlatformError('INVALID_DEFINITION', `Cannot take the definition: ${first?.message ?? 'it is wrong'}${more}`, {
      details: { issues: toJson(located) },
    });
  };
  const plain: unknown = document.toJS({ maxAliasCount: 100 });
  if (isDeeper(JSON.stringify(plain) ?? '', DEFINITION_DEPTH_LIMIT)) {
    throw refuse([TOO_DEEP]);
  }
  const value = jsonObjectSchema.safeParse(plain);
  if (!value.success) throw refuse([{ path: [], message: 'Cannot read the definition: it is not an object of JSON values' }]);
  return { value: value.data, refuse };
}

/** Takes a document that a program made, as if its JSON text had been read: that is only done to place issues. Throws INVALID_DEFINITION when it is too long or too deep. */
export function sourceOf(value: JsonObject): DefinitionSource {
  const text = JSON.stringify(value);
  refuseTooMuch(text);
  const refuse = (issues: readonly Issue[]): PlatformError => readSource(text).refuse(issues);
  if (isDeeper(text, DEFINITION_DEPTH_LIMIT)) throw refuse([TOO_DEEP]);
  return { value, refuse };
}

const TOO_DEEP: Issue = { path: [], message: `Cannot read the definition: it is nested deeper than ${DEFINITION_DEPTH_LIMIT}` };

function refuseTooMuch(text: string): void {
  if (text.length > DEFINITION_LIMIT_CHARACTERS) {
    throw new PlatformError(
      'INVALID_DEFINITION',
      `Cannot read the definition: it has more than ${DEFINITION_LIMIT_CHARACTERS} characters`,
    );
  }
  if (opensTooMuch(text)) {
    const message = `Cannot read the definition: it is nested deeper than ${DEFINITION_DEPTH_LIMIT} levels`;
    throw new PlatformError('INVALID_DEFINITION', message);
  }
}

/**
 * Whether brackets open so often that reading them alone takes seconds. Brackets inside of texts count too, so this allows ten times the
 * levels that a definition may have.
 */
function opensTooMuch(text: string): boolean {
  let depth = 0;
  for (const [bracket] of text.matchAll(/[[\]{}]/g)) {
    depth += bracket === '[' || bracket === '{' ? 1 : -1;
    if (depth > DEFINITION_DEPTH_LIMIT * 10) return true;
  }
  return false;
}

/** Where the part at a path begins: its key in an object, itself in an array; the nearest part around it when it is missing. */
function offsetOf(document: Document.Parsed, path: readonly PropertyKey[]): number {
  let node: Node | null = document.contents;
  let offset = node?.range?.[0] ?? 0;
  for (const part of path.map(String)) {
    let found: unknown;
    if (isMap(node)) {
      const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === part);
      if (pair === undefined) break;
      offset = (isScalar(pair.key) ? pair.key.range?.[0] : undefined) ?? offset;
      found = pair.value;
    } else if (isSeq(node)) {
      found = node.items[Number(part)];
      offset = (isNode(found) ? found.range?.[0] : undefined) ?? offset;
    }
    if (!isNode(found)) break;
    node = found;
  }
  return offset;
}
