import { join } from 'node:path';
import { type Edge, type EdgeOptions, type ProgramStore, createEdge, noJail } from '@loopwright/edge';
import { systemClock, systemRandom } from '@loopwright/protocol';
import { type TestServer, type TestServerOptions, openServer } from './app-fixture.ts';

/** A test server and the edge that serves its programs. */
export interface Served extends AsyncDisposable {
  readonly server: TestServer;
  readonly edge: Edge;
  readonly edgeUrl: string;
}

/** Opens both; `fill` puts programs into the store before the edge begins. Programs run in one worker without a jail. */
export async function openServed(
  fill: (programs: ProgramStore) => Promise<void>,
  options: { readonly server?: TestServerOptions; readonly edge?: Partial<EdgeOptions>; readonly timeoutMs?: number } = {},
): Promise<Served> {
  let edgeUrl = '';
  const server = await openServer({ ...options.server, edgeUrl: () => edgeUrl });
  await fill(server.programs);
  const { timeoutMs } = options;
  const edge = await createEdge({
    dataDir: join(server.dir, 'edge'),
    sandbox: { jail: noJail, workers: 1, ...(timeoutMs === undefined ? {} : { timeoutMs }) },
    authToken: 'secret',
    clock: systemClock,
    random: systemRandom,
    ...options.edge,
  });
  edgeUrl = await edge.app.listen({ host: '127.0.0.1', port: 0 });
  return {
    server,
    edge,
    edgeUrl,
    [Symbol.asyncDispose]: async () => {
      await edge.close();
      await server[Symbol.asyncDispose]();
    },
  };
}
