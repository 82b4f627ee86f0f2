// M1. Nothing that a line holds makes this throw, and nothing of its values goes into what is told about a wrong one: it may be a secret.
import { isPlainHotMessage } from './hot-messages.ts';
import { isDeeperThan } from './json-depth.ts';
import { MODULE_DEPTH_LIMIT } from './limits.ts';
import { type ModuleMessage, moduleMessageSchema, type OrchestratorMessage, orchestratorMessageSchema } from './messages.ts';
import { canonicalForm } from './source-forms.ts';

/** What a line of the other side is. */
export type ReadMessage<Message> =
  | { readonly kind: 'message'; readonly message: Message }
  /** No message at all: something wrote to the channel that it should not have. */
  | { readonly kind: 'noise' }
  /** Of a newer version, or of nobody. */
  | { readonly kind: 'unknown_op'; readonly op: string }
  /** `issues` names the fields, never their values. */
  | { readonly kind: 'malformed'; readonly op: string; readonly issues: string }
  | { readonly kind: 'too_deep' };

interface Option {
  readonly shape: { readonly op: { readonly value: string } };
  safeParse(
    value: unknown,
  ): { success: true; data: unknown } | { success: false; error: { issues: readonly { path: readonly PropertyKey[] }[] } };
}

const OPEN_OBJECT = 123;
const LISTED_ISSUES = 5;
const OP_LIMIT = 64;

/** Reads a line that a module wrote. */
export const readModuleMessage: (line: string) => ReadMessage<ModuleMessage> = reader(moduleMessageSchema.options);

/** Reads a line that an orchestrator wrote, any but the first. */
export const readOrchestratorMessage: (line: string) => ReadMessage<OrchestratorMessage> = reader(
  orchestratorMessageSchema.options,
);

/** By the schema of its op, and not by the union of all: that is quicker, and its issues name fields. */
function reader<Message>(options: readonly Option[]): (line: string) => ReadMessage<Message> {
  const byOp = new Map(options.map((option) => [option.shape.op.value, option]));
  return (line) => {
    // Nearly all noise is no object; its parse would cost an exception each.
    if (line.charCodeAt(0) !== OPEN_OBJECT && !/^[ \t\r]*\{/.test(line)) return { kind: 'noise' };
    if (isDeeperThan(MODULE_DEPTH_LIMIT, line)) return { kind: 'too_deep' };
    const parsed = parseObject(line);
    if (parsed === undefined) return { kind: 'noise' };
    if (typeof parsed['op'] === 'string' && byOp.has(parsed['op']) && isPlainHotMessage(parsed))
      return { kind: 'message', message: parsed as Message };
    const value = canonicalForm(parsed);
    const op = value['op'];
    if (typeof op !== 'string') return { kind: 'noise' };
    const option = byOp.get(op);
    if (option === undefined) return { kind: 'unknown_op', op: op.slice(0, OP_LIMIT) };
    const result = option.safeParse(value);
    if (result.success) return { kind: 'message', message: result.data as Message };
    return { kind: 'malformed', op, issues: describeIssues(result.error.issues) };
  };
}

function parseObject(line: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

function describeIssues(issues: readonly { path: readonly PropertyKey[] }[]): string {
  const paths = issues.slice(0, LISTED_ISSUES).map(({ path }) =>
    path
      .map((part) => String(part).slice(0, OP_LIMIT))
      .slice(0, LISTED_ISSUES)
      .join('.'),
  );
  return [...new Set(paths)].map((path) => (path === '' ? 'the message' : path)).join(', ');
}
