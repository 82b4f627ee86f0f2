import { type CreateApiKeyRequest, PlatformError, createApiKeyRequestSchema } from '@loopwright/protocol';

/** Flags of `create-key`, by the field that they fill. */
const FLAGS = new Map([
  ['--user', 'user_id'],
  ['--role', 'role'],
  ['--name', 'name'],
  ['--scopes', 'scopes'],
  ['--projects', 'projects'],
  ['--expires-days', 'expires_at'],
]);
const DAY_MS = 86_400_000;

/** What the command line asks for, and the flags that are settings of the server. */
export interface KeyCommand {
  readonly request: CreateApiKeyRequest & { readonly user_id: string };
  readonly settings: readonly string[];
}

/** Reads `--flag value` and `--flag=value` of `loopwright admin create-key`. Throws VALIDATION_ERROR with all that is wrong. */
export function parseKeyCommand(argv: readonly string[], now: number): KeyCommand {
  const fields: Record<string, unknown> = {};
  const settings: string[] = [];
  for (let at = 0; at < argv.length; at += 1) {
    const word = argv[at] ?? '';
    const [flag = '', ...rest] = word.split('=');
    const field = FLAGS.get(flag);
    if (field === undefined) settings.push(word);
    else if (rest.length > 0) fields[field] = valueOf(field, rest.join('='), now);
    else {
      at += 1;
      fields[field] = valueOf(field, argv[at] ?? '', now);
    }
  }
  const parsed = createApiKeyRequestSchema.required({ user_id: true }).safeParse({ name: 'made by loopwright admin', ...fields });
  if (parsed.success) return { request: parsed.data, settings };
  const nameOf = (field: unknown): string => [...FLAGS].find(([, name]) => name === field)?.[0] ?? String(field);
  const issues = parsed.error.issues.map(({ path, message }) => `${nameOf(path[0])}: ${message}`);
  throw new PlatformError('VALIDATION_ERROR', `Cannot make the key: ${issues.join('; ')}`);
}

function valueOf(field: string, text: string, now: number): unknown {
  if (field === 'scopes' || field === 'projects') return text.split(',').map((item) => item.trim());
  if (field !== 'expires_at') return text;
  const days = Number(text);
  return days > 0 && days < 100_000 ? new Date(now + days * DAY_MS).toISOString() : text;
}
