import { randomBytes } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import type { SecretProvider } from '@loopwright/module-sdk';
import { type JsonObject, messageOf, PlatformError, toJson } from '@loopwright/protocol';
import { readLocatedYaml } from '../../config/located-yaml.ts';
import { secretsFolder } from '../../secrets/secrets-folder.ts';
import type { ModuleLaunch, ModuleSpec } from '../module-spec.ts';
import type { SlaConfig } from '../sla/sla-watch.ts';
import { given } from './given.ts';
import { type ModuleEntry, MODULES_LIMIT_BYTES, modulesDocumentSchema } from './modules-document.ts';
import { secretsOfServices, type ServicesDocument } from './services-document.ts';

/** What `modules.yaml` says. */
export interface ReadModules {
  readonly modules: readonly ModuleSpec[];
  readonly services: ServicesDocument;
  /** Where secrets come from; of no folder there are none. */
  readonly secrets: SecretProvider;
}

/** The file in a folder. */
const FILE_NAME = 'modules.yaml';

/**
 * Reads the modules that users add, and the services that the host has for them: from a file, or from `modules.yaml` of a folder. Their secrets are those of `secretsDir`.
 *
 * @throws `INVALID_CONFIGURATION` with pointer, line and column of everything that is wrong
 */
export async function readModules(path: string, secretsDir: string | null): Promise<ReadModules> {
  const file = await fileOf(resolve(path));
  const read = readLocatedYaml(await textOf(file), modulesDocumentSchema, MODULES_LIMIT_BYTES);
  if (read.kind === 'fault') throw invalid(file, read.message);
  if (read.kind === 'issues') {
    const lines = read.issues.map(
      ({ pointer, line, message }) => `line ${line}: ${pointer === '' ? '' : `${pointer}: `}${message}`,
    );
    throw invalid(file, lines.join('; '), { issues: toJson(read.issues) });
  }
  const secrets = secretsDir === null ? undefined : secretsOf(secretsDir);
  const { services, modules } = read.document;
  const wanted = [
    ...secretsOfServices(services).map(({ pointer }) => pointer),
    ...Object.entries(modules).flatMap(([id, entry]) => (entry.secrets.length > 0 ? [`/modules/${id}/secrets`] : [])),
  ];
  if (wanted[0] !== undefined && secrets === undefined)
    throw invalid(file, `${wanted[0]}: there is no folder of secrets; set secrets_dir`);
  return {
    modules: Object.entries(modules).map(([id, entry]) => specOf(id, entry, { folder: dirname(file), secrets })),
    services,
    secrets: secrets ?? { get: async () => undefined },
  };
}

function specOf(
  id: string,
  entry: ModuleEntry,
  { folder, secrets }: { readonly folder: string; readonly secrets: SecretProvider | undefined },
): ModuleSpec {
  const { limits, health, channels } = entry;
  const { routes, services, provides, sends, topics } = entry.permissions;
  return {
    id,
    launch: launchOf(entry, folder),
    listen: entry.listen,
    env: entry.env,
    authToken: randomBytes(32).toString('base64url'),
    ...(secrets === undefined ? {} : { secrets }),
    permissions: {
      secrets: entry.secrets,
      ...(routes === undefined ? {} : { routes }),
      ...(services === undefined ? {} : { services }),
      ...(provides === undefined ? {} : { provides }),
      ...(sends === undefined ? {} : { sends }),
      ...(topics === undefined ? {} : { topics }),
    },
    limits: given({ memoryMb: limits.memory_mb, processes: limits.processes, cpus: limits.cpus }),
    ...(health === undefined
      ? {}
      : { healthCheck: { path: health.path, everyMs: health.every_seconds * 1000, failures: health.failures } }),
    promises: promisesOf(entry),
    ...(channels === undefined ? {} : { channels }),
    restart: entry.restart,
    attempts: entry.attempts,
    replace: entry.replace,
    isRequired: entry.required,
    requestTimeoutMs: entry.request_timeout_seconds * 1000,
  };
}

function promisesOf({ sla, alerts }: ModuleEntry): SlaConfig {
  return {
    sla: given({
      availabilityPercent: sla.availability_percent,
      latencyMs: sla.latency_ms,
      errorPercent: sla.error_percent,
      throughputPerSecond: sla.throughput_per_second,
      windowMs: sla.window_seconds === undefined ? undefined : sla.window_seconds * 1000,
    }),
    alerts: given({
      latencyMs: alerts.latency_ms,
      errorPercent: alerts.error_percent,
      throughputDropPercent: alerts.throughput_drop_percent,
      availabilityPercent: alerts.availability_percent,
      backlog: alerts.backlog,
      everyMs: alerts.every_seconds === undefined ? undefined : alerts.every_seconds * 1000,
    }),
  };
}

function launchOf({ command = '', args = [], cwd = '.', attach }: ModuleEntry, folder: string): ModuleLaunch {
  if (attach !== undefined)
    return {
      kind: 'attach',
      ...(attach.token_sha256 === undefined ? {} : { tokenSha256: attach.token_sha256 }),
      ...(attach.client_name === undefined ? {} : { clientName: attach.client_name }),
    };
  // A name is looked for in PATH; a path is one of the file.
  const file = command.includes('/') ? resolve(folder, command) : command;
  return { kind: 'command', file, args, cwd: resolve(folder, cwd) };
}

/** Secrets of a folder as texts; of one with properties its JSON. */
function secretsOf(dir: string): SecretProvider {
  const read = secretsFolder(dir);
  return {
    get: async (name) => {
      const value = await read(name);
      return value === undefined || typeof value === 'string' ? value : JSON.stringify(value);
    },
  };
}

async function fileOf(path: string): Promise<string> {
  try {
    return (await stat(path)).isDirectory() ? join(path, FILE_NAME) : path;
  } catch (error) {
    throw invalid(path, messageOf(error));
  }
}

async function textOf(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw invalid(file, messageOf(error));
  }
}

function invalid(file: string, why: string, details: JsonObject = {}): PlatformError {
  return new PlatformError('INVALID_CONFIGURATION', `Cannot read the modules of "${file}": ${why}`, {
    details: { file, ...details },
  });
}
