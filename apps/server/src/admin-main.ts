// `loopwright admin create-key`: makes an API key for whoever has the data folder in hand, such as the first one. While the server is down it writes to the
// folder; while it runs it asks the server, which believes this machine in development only. Standard output has the key and nothing else.
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { takeDataLock } from '@loopwright/engine';
import {
  ERRORS,
  type NewApiKey,
  PlatformError,
  errorResponseSchema,
  messageOf,
  newApiKeySchema,
  systemClock,
} from '@loopwright/protocol';
import { z } from 'zod';
import { parseArguments } from './config/parse-arguments.ts';
import { resolveConfiguration } from './config/resolve-configuration.ts';
import type { Configuration } from './config/settings.ts';
import { openServerDatabase } from './database/server-database.ts';
import { issuedKeyView } from './http/identity-view.ts';
import { checkGrantable } from './identity/api-key-rights.ts';
import { ApiKeys } from './identity/api-keys.ts';
import { type KeyCommand, parseKeyCommand } from './identity/key-request.ts';
import { type Principal, UNRESTRICTED } from './identity/principal.ts';
import { Users } from './identity/users.ts';

const HELP = `Usage: loopwright admin create-key --user <id> [--role viewer|operator|admin] [--name <text>] [--scopes <a:b,c:d>]
                                   [--projects <id,id>] [--expires-days <n>] [--data-dir <folder>] [--json]

  Makes an API key and prints it, once. The user is created when there is none of this name, and gets at least the role that is given; the key may
  never more than that. It works on the data folder while the server is down, and by way of the server while that runs with development identity.
`;

const argv = process.argv.slice(2);
try {
  if (argv[0] === 'create-key' && !argv.includes('--help')) await createKey(argv.slice(1));
  else {
    process.stdout.write(HELP);
    process.exitCode = argv.includes('--help') ? 0 : 1;
  }
} catch (error) {
  const known = error instanceof PlatformError ? error : new PlatformError('INTERNAL_ERROR', messageOf(error));
  process.stderr.write(`${known.code}: ${known.message}\n  How to fix: ${ERRORS[known.code].fix}\n`);
  process.exitCode = 1;
}

async function createKey(flags: readonly string[]): Promise<void> {
  const { request, settings } = parseKeyCommand(
    flags.filter((word) => word !== '--json'),
    systemClock.now(),
  );
  const sources = { arguments: parseArguments(settings), environment: process.env, workingDir: process.cwd() };
  const { configuration } = await resolveConfiguration(sources);
  const made = await inFolder(configuration, request).catch((error: unknown) => {
    if (error instanceof PlatformError && error.code === 'DATA_DIR_IN_USE') return byServer(configuration, request);
    throw error;
  });
  process.stdout.write(`${flags.includes('--json') ? JSON.stringify(made) : made.key}\n`);
  process.stderr.write(`The key ${made.key_id} of ${made.user_id} is made. It cannot be shown again.\n`);
}

/** The server's tables belong to one process: the lock is held as long as they are open. */
async function inFolder({ dataDir, durability }: Configuration, request: KeyCommand['request']): Promise<NewApiKey> {
  mkdirSync(join(dataDir, 'engine'), { recursive: true, mode: 0o700 });
  using _lock = asDisposable(takeDataLock(join(dataDir, 'engine')));
  const database = openServerDatabase({ dir: dataDir, durability, clock: systemClock });
  try {
    const log = { warn: () => undefined };
    await new Users({ database, clock: systemClock, log, newUserRole: () => 'viewer' }).ensure(
      request.user_id,
      request.role ?? null,
    );
    const keys = new ApiKeys({ database, clock: systemClock });
    return issuedKeyView(await keys.issue(checkGrantable(whoeverHasTheFolder(request.user_id), request)));
  } finally {
    await database.destroy();
  }
}

async function byServer({ dataDir }: Configuration, request: KeyCommand['request']): Promise<NewApiKey> {
  const note = z.object({ url: z.url() }).parse(JSON.parse(readFileSync(join(dataDir, 'server.json'), 'utf8')));
  const response = await fetch(`${note.url}/api/v1/api-keys`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(request),
  });
  const body: unknown = await response.json();
  if (response.ok) return newApiKeySchema.parse(body);
  if (response.status === 401)
    throw new PlatformError('DATA_DIR_IN_USE', 'Cannot make the key: the server runs, and takes credentials only; stop it first');
  throw new PlatformError('VALIDATION_ERROR', errorResponseSchema.parse(body).message);
}

function whoeverHasTheFolder(userId: string): Principal {
  return { ...UNRESTRICTED, userId, email: null, method: 'development', role: 'admin', projects: new Map(), credentialId: null };
}

function asDisposable(lock: { close: () => void }): Disposable {
  return { [Symbol.dispose]: () => lock.close() };
}
