import { PlatformError, type PolicyLayer, issueDetails, toJson } from '@loopwright/protocol';
import { LineCounter, type Document, isMap, isNode, isScalar, isSeq, parseDocument } from 'yaml';
import { type PolicyDocument, POLICY_LIMIT_BYTES, policyDocumentSchema } from './policy-document.ts';

/** One layer of a policy, and where it was read. */
export interface PolicySource {
  readonly layer: PolicyLayer;
  /** The project whose layer it is; `null` for the universal one and for that of a run. */
  readonly projectId: string | null;
  /** File name, or what else says where it stands. */
  readonly source: string;
  readonly document: PolicyDocument;
}

/**
 * Reads one layer from YAML or JSON text. Throws INVALID_POLICY with the pointer, line and column of everything that is wrong; unknown fields are.
 */
export function readPolicy(text: string, source: string): PolicyDocument {
  if (Buffer.byteLength(text) > POLICY_LIMIT_BYTES)
    throw new PlatformError('INVALID_POLICY', `Cannot read the policy "${source}": it has more than ${POLICY_LIMIT_BYTES} bytes`);
  if (/[[{]/.test(text) && bracketDepth(text) > 64)
    throw new PlatformError('INVALID_POLICY', `Cannot read the policy "${source}": it is nested deeper than 64 levels`);
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, version: '1.2', merge: false });
  const [fault] = document.errors;
  if (fault !== undefined) {
    const { line, col } = lines.linePos(fault.pos[0]);
    const message = fault.message.split('\n')[0] ?? 'it is not YAML';
    throw refusal(source, [{ pointer: '', line, column: col, message }]);
  }
  const parsed = policyDocumentSchema.safeParse(plainOf(document, source) ?? {});
  if (parsed.success) return parsed.data;
  const located = parsed.error.issues.slice(0, 50).flatMap((issue) => {
    const paths =
      issue.code === 'unrecognized_keys'
        ? issue.keys.map((key) => ({ path: [...issue.path, key], message: `there is no field "${key}"` }))
        : [{ path: issue.path, message: issue.message }];
    return paths.map(({ path, message }) => {
      const { line, col } = lines.linePos(offsetOf(document, path));
      return { pointer: pointerOf(path), line: Math.max(line, 1), column: Math.max(col, 1), message };
    });
  });
  throw refusal(source, located);
}

interface Located {
  readonly pointer: string;
  readonly line: number;
  readonly column: number;
  readonly message: string;
}

function plainOf(document: Document.Parsed, source: string): unknown {
  try {
    return document.toJS({ maxAliasCount: 20 });
  } catch (error) {
    throw new PlatformError('INVALID_POLICY', `Cannot read the policy "${source}": its aliases make it too large`, {
      cause: error,
    });
  }
}

function refusal(source: string, issues: readonly Located[]): PlatformError {
  const [first] = issues;
  const place =
    first === undefined ? '' : ` at line ${first.line}: ${first.pointer === '' ? '' : `${first.pointer}: `}${first.message}`;
  const more = issues.length > 1 ? ` (and ${issues.length - 1} more)` : '';
  return new PlatformError('INVALID_POLICY', `Cannot take the policy "${source}"${place}${more}`, {
    details: { source, issues: toJson(issues) },
  });
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
