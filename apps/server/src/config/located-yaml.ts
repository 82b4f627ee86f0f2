import { issueDetails } from '@loopwright/protocol';
import { type Document, isMap, isNode, isScalar, isSeq, LineCounter, parseDocument } from 'yaml';
import type { z } from 'zod';

/** Something that is wrong in a document, and where. Lines and columns count from 1. */
interface LocatedIssue {
  /** JSON pointer; empty for the document itself. */
  readonly pointer: string;
  readonly line: number;
  readonly column: number;
  readonly message: string;
}

/** What a text is. */
export type ReadYaml<Content> =
  | { readonly kind: 'document'; readonly document: Content }
  /** It is not taken as a whole. */
  | { readonly kind: 'fault'; readonly message: string }
  | { readonly kind: 'issues'; readonly issues: readonly LocatedIssue[] };

const DEPTH_LIMIT = 64;
const ISSUES_LIMIT = 50;

/** Reads a document of YAML or JSON by its schema; says of everything that is wrong (at most fifty) where it stands. Unknown fields are, when the schema is strict. */
export function readLocatedYaml<Schema extends z.ZodType>(
  text: string,
  schema: Schema,
  limitBytes: number,
): ReadYaml<z.output<Schema>> {
  if (Buffer.byteLength(text) > limitBytes) return { kind: 'fault', message: `it has more than ${limitBytes} bytes` };
  if (/[[{]/.test(text) && bracketDepth(text) > DEPTH_LIMIT)
    return { kind: 'fault', message: `it is nested deeper than ${DEPTH_LIMIT} levels` };
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, version: '1.2', merge: false });
  const [fault] = document.errors;
  if (fault !== undefined) {
    const { line, col } = lines.linePos(fault.pos[0]);
    const message = fault.message.split('\n')[0] ?? 'it is not YAML';
    return { kind: 'issues', issues: [{ pointer: '', line, column: col, message }] };
  }
  const plain = plainOf(document);
  if (plain === undefined) return { kind: 'fault', message: 'its aliases make it too large' };
  const parsed = schema.safeParse(plain.value ?? {});
  if (parsed.success) return { kind: 'document', document: parsed.data };
  const issues = parsed.error.issues.slice(0, ISSUES_LIMIT).flatMap((issue) => {
    const paths =
      issue.code === 'unrecognized_keys'
        ? issue.keys.map((key) => ({ path: [...issue.path, key], message: `there is no field "${key}"` }))
        : [{ path: issue.path, message: issue.message }];
    return paths.map(({ path, message }) => {
      const { line, col } = lines.linePos(offsetOf(document, path));
      return { pointer: pointerOf(path), line: Math.max(line, 1), column: Math.max(col, 1), message };
    });
  });
  return { kind: 'issues', issues };
}

function plainOf(document: Document.Parsed): { readonly value: unknown } | undefined {
  try {
    return { value: document.toJS({ maxAliasCount: 20 }) };
  } catch {
    return undefined;
  }
}

function pointerOf(path: readonly PropertyKey[]): string {
  const [issue] = Object(issueDetails([{ path, message: '' }])['issues']);
  return String(issue.pointer);
}

function bracketDepth(text: string): number {
  let depth = 0;
  let deepest = 0;
  for (const [bracket] of text.matchAll(/[[\]{}]/g)) {
    depth += bracket === '[' || bracket === '{' ? 1 : -1;
    deepest = Math.max(deepest, depth);
  }
  return deepest;
}

/** Where the part at a path begins; the nearest part around it when it is missing. */
function offsetOf(document: Document.Parsed, path: readonly PropertyKey[]): number {
  let node: unknown = document.contents;
  let offset = 0;
  for (const part of path.map(String)) {
    if (isMap(node)) {
      const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === part);
      if (pair === undefined) break;
      offset = (isScalar(pair.key) ? pair.key.range?.[0] : undefined) ?? offset;
      node = pair.value;
    } else if (isSeq(node)) {
      node = node.items[Number(part)];
      offset = (isNode(node) ? node.range?.[0] : undefined) ?? offset;
    } else break;
  }
  return offset;
}
