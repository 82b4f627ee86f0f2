import { createHash, timingSafeEqual } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { AttachListener, type AttachRequest, parseListen } from '@loopwright/module-sdk';
import { type Clock, isLoopback, messageOf, PlatformError } from '@loopwright/protocol';
import type { Configuration } from '../../config/settings.ts';
import type { AttachGrant } from '../module-spec.ts';
import type { Supervisor } from '../supervisor.ts';

type Settings = Pick<Configuration, 'modulesListen' | 'modulesTlsCert' | 'modulesTlsKey' | 'modulesTlsClientCa'>;

/** Compared with when there is nothing else: it takes as long, and fits nothing. */
const NOTHING = Buffer.alloc(32);

/**
 * Opens the listener for modules of other hosts, where it is configured.
 *
 * @throws `INVALID_CONFIGURATION` off loopback without TLS, for files that cannot be read, and when it cannot listen there
 */
export async function openAttachListener(
  settings: Settings,
  { supervisor, clock, log }: { supervisor: Supervisor; clock: Clock; log: (text: string) => void },
): Promise<AttachListener | undefined> {
  const { modulesListen } = settings;
  if (modulesListen === null) return undefined;
  const address = parseListen(modulesListen);
  if ('path' in address) throw invalid(modulesListen, 'it is no host and port');
  const tls = await tlsOf(settings);
  if (tls === undefined && !isLoopback(address.host))
    throw invalid(
      modulesListen,
      'off loopback modules_tls_cert and modules_tls_key are needed, because tokens would be read on their way',
    );
  try {
    return await AttachListener.listen({
      ...address,
      ...(tls === undefined ? {} : { tls }),
      clock,
      admit: (request) => isAdmitted(request, grantOf(supervisor, request.moduleId)),
      onModule: (id, transport, registration) => supervisor.attach(id, transport, registration),
      onRefused: (why, from) => log(`A module from ${from} was not let in: ${why}`),
    });
  } catch (error) {
    throw invalid(modulesListen, messageOf(error));
  }
}

/** Whether a module has shown what it must: everything that its grant names. Takes the same time for every token. */
export function isAdmitted({ token = '', clientName }: AttachRequest, grant: AttachGrant | undefined): boolean {
  const digest = createHash('sha256').update(token).digest();
  const expected = grant?.tokenSha256 === undefined ? NOTHING : Buffer.from(grant.tokenSha256, 'hex');
  const isToken = timingSafeEqual(digest, expected) && token !== '';
  if (grant === undefined || (grant.tokenSha256 === undefined && grant.clientName === undefined)) return false;
  return (grant.tokenSha256 === undefined || isToken) && (grant.clientName === undefined || grant.clientName === clientName);
}

function grantOf(supervisor: Supervisor, id: string): AttachGrant | undefined {
  const module = supervisor.modules.find(({ spec }) => spec.id === id);
  return module?.spec.launch.kind === 'attach' ? module.spec.launch : undefined;
}

async function tlsOf({
  modulesListen,
  modulesTlsCert,
  modulesTlsKey,
  modulesTlsClientCa,
}: Settings): Promise<{ cert: string; key: string; clientCa?: string } | undefined> {
  const where = String(modulesListen);
  if (modulesTlsCert === null && modulesTlsKey === null && modulesTlsClientCa === null) return undefined;
  if (modulesTlsCert === null || modulesTlsKey === null)
    throw invalid(where, 'modules_tls_cert and modules_tls_key belong together, and modules_tls_client_ca needs them');
  const [cert, key] = [await read(where, modulesTlsCert), await read(where, modulesTlsKey)];
  return modulesTlsClientCa === null ? { cert, key } : { cert, key, clientCa: await read(where, modulesTlsClientCa) };
}

async function read(where: string, path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw invalid(where, messageOf(error));
  }
}

function invalid(where: string, why: string): PlatformError {
  return new PlatformError('INVALID_CONFIGURATION', `Cannot let modules attach at "${where}": ${why}`);
}
