import { readFile, stat } from 'node:fs/promises';
import { PlatformError, messageOf } from '@loopwright/protocol';
import type { z } from 'zod';
import { type Document, LineCounter, isNode, parseDocument, visit } from 'yaml';
import { type Deployment, deploymentSchema } from './deployment.ts';

/** A `deployment.yaml` has no more bytes than this. */
const FILE_LIMIT_BYTES = 256 * 1024;

/** Something that is wrong in the file. */
interface DeploymentIssue {
  /** JSON Pointer. */
  readonly pointer: string;
  /** From 1. */
  readonly line: number;
  readonly message: string;
}

const variable = /\$\{(?<name>[A-Za-z_][A-Za-z0-9_]*)(?::-(?<fallback>[^}]*))?\}/gu;

/**
 * Reads a `deployment.yaml`. In its texts `${NAME}` is replaced from the environment, and `${NAME:-text}` by the text where the environment
 * has no such name or it is empty. The source leaves an unset `${NAME}` as it is; here it is an error, for nobody wants a folder of that name.
 *
 * @param schema what it must be: of an edge that the server runs, unless another one is given
 * @throws PlatformError INVALID_CONFIGURATION: the file cannot be read, or `details.issues` holds all that is wrong in it, with lines.
 */
export async function readDeployment(
  path: string,
  environment: NodeJS.ProcessEnv,
  schema: z.ZodType<Deployment> = deploymentSchema,
): Promise<Deployment> {
  const lines = new LineCounter();
  const document = parseDocument(await readText(path), { lineCounter: lines, uniqueKeys: true });
  const lineOf = (offset: number | undefined): number => (offset === undefined ? 1 : lines.linePos(offset).line);
  if (document.errors.length > 0)
    throw invalid(
      path,
      document.errors.map(({ message, pos }) => ({
        pointer: '',
        line: lineOf(pos[0]),
        message: message.split('\n')[0] ?? message,
      })),
    );
  const issues = substitute(document, environment, lineOf);
  const parsed = schema.safeParse(toPlain(path, document));
  for (const issue of parsed.error?.issues ?? []) {
    const keys = issue.code === 'unrecognized_keys' ? issue.keys : [undefined];
    for (const key of keys) {
      const place = key === undefined ? issue.path : [...issue.path, key];
      issues.push({
        pointer: place.map((part) => `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`).join(''),
        line: lineOf(offsetOf(document, place)),
        message: key === undefined ? issue.message : 'is not known',
      });
    }
  }
  if (issues.length > 0 || parsed.data === undefined) throw invalid(path, issues);
  return parsed.data;
}

async function readText(path: string): Promise<string> {
  try {
    if ((await stat(path)).size > FILE_LIMIT_BYTES) throw new Error(`it has more than ${FILE_LIMIT_BYTES} bytes`);
    return await readFile(path, 'utf8');
  } catch (error) {
    throw new PlatformError('INVALID_CONFIGURATION', `Cannot read "${path}": ${messageOf(error)}`, { cause: error });
  }
}

/** Replaces the variables in all texts; gives those that are not set. */
function substitute(
  document: Document,
  environment: NodeJS.ProcessEnv,
  lineOf: (offset: number | undefined) => number,
): DeploymentIssue[] {
  const issues: DeploymentIssue[] = [];
  visit(document, {
    Scalar: (place, node) => {
      if (place === 'key' || typeof node.value !== 'string') return;
      node.value = node.value.replaceAll(variable, (all, name: string, fallback: string | undefined) => {
        const value = environment[name];
        if (value !== undefined && (value !== '' || fallback === undefined)) return value;
        if (fallback !== undefined) return fallback;
        issues.push({ pointer: '', line: lineOf(node.range?.[0]), message: `The environment has no variable ${name}` });
        return all;
      });
    },
  });
  return issues;
}

function toPlain(path: string, document: Document): unknown {
  try {
    return document.toJS({ maxAliasCount: 20 });
  } catch (error) {
    throw new PlatformError('INVALID_CONFIGURATION', `Cannot read "${path}": ${messageOf(error)}`, { cause: error });
  }
}

/** Where a value, or else what should hold it, stands in the text. */
function offsetOf(document: Document, place: readonly PropertyKey[]): number | undefined {
  for (let length = place.length; length >= 0; length -= 1) {
    const node = length === 0 ? document.contents : document.getIn(place.slice(0, length), true);
    if (isNode(node) && node.range) return node.range[0];
  }
  return undefined;
}

function invalid(path: string, issues: readonly DeploymentIssue[]): PlatformError {
  const list = issues.map(({ pointer, line, message }) => `line ${line}${pointer === '' ? '' : ` ${pointer}`}: ${message}`);
  return new PlatformError('INVALID_CONFIGURATION', `Cannot use "${path}": ${list.join('; ')}`.slice(0, 4000), {
    details: { issues: issues.map((issue) => ({ ...issue })) },
  });
}
