// Restate: its server (one node, as it comes) and a service of its SDK in this process.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createServer as createHttp2 } from 'node:http2';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import * as restate from '@restatedev/restate-sdk';
import { RESULT, STEPS } from '../subject.ts';

const freePort = () =>
  new Promise((done, failed) => {
    const server = createServer().on('error', failed);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => done(port));
    });
  });

/** The binary for this machine, from the package that npm chose for it. */
function serverBinary() {
  const require = createRequire(import.meta.url);
  const platform = `@restatedev/restate-server-${process.platform}-${process.arch}`;
  return join(dirname(require.resolve(`${platform}/package.json`)), 'bin', 'restate-server');
}

async function untilHealthy(url) {
  for (const end = Date.now() + 60_000; ;) {
    const isHealthy = await fetch(`${url}/health`).then(
      ({ ok }) => ok,
      () => false,
    );
    if (isHealthy) return;
    if (Date.now() > end) throw new Error('Cannot start Restate: it is not healthy after 60 s');
    await new Promise((done) => void setTimeout(done, 50));
  }
}

export async function open() {
  const dir = mkdtempSync(join(tmpdir(), 'loopwright-bench-'));
  const [ingress, admin, fabric, service] = [await freePort(), await freePort(), await freePort(), await freePort()];
  const server = spawn(serverBinary(), ['--node-name', 'bench', '--base-dir', dir], {
    stdio: 'ignore',
    env: {
      ...process.env,
      RESTATE_INGRESS__BIND_ADDRESS: `127.0.0.1:${ingress}`,
      RESTATE_ADMIN__BIND_ADDRESS: `127.0.0.1:${admin}`,
      RESTATE_BIND_ADDRESS: `127.0.0.1:${fabric}`,
      RESTATE_ADVERTISED_ADDRESS: `http://127.0.0.1:${fabric}`,
      RESTATE_DISABLE_TELEMETRY: 'true',
    },
  });
  const woken = new Map();
  const asked = new Map();
  const six = restate.workflow({
    name: 'six',
    handlers: {
      run: async (context) => {
        for (let index = 0; index < STEPS; index += 1) await context.run(`step${index}`, async () => RESULT);
        return RESULT;
      },
    },
  });
  const asks = restate.workflow({
    name: 'asks',
    handlers: {
      run: async (context) => {
        await context.run('before', async () => RESULT);
        asked.get(context.key)?.();
        await context.promise('ask');
        await context.run('after', async () => {
          woken.get(context.key)?.();
          return RESULT;
        });
      },
      answer: restate.handlers.workflow.shared(async (context, value) => context.promise('ask').resolve(value)),
    },
  });
  const http = createHttp2(restate.createEndpointHandler({ services: [six, asks] }));
  http.listen(service, '127.0.0.1');
  await once(http, 'listening');
  await untilHealthy(`http://127.0.0.1:${admin}`);
  const call = async (url, body) => {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    if (!response.ok) throw new Error(`Cannot call Restate: ${response.status} ${await response.text()}`);
    return response.text();
  };
  await call(`http://127.0.0.1:${admin}/deployments`, { uri: `http://127.0.0.1:${service}` });
  await untilHealthy(`http://127.0.0.1:${ingress}/restate`);
  return {
    run: async () => void (await call(`http://127.0.0.1:${ingress}/six/${crypto.randomUUID()}/run`, {})),
    park: async () => {
      const id = crypto.randomUUID();
      const isAsked = new Promise((done) => void asked.set(id, done));
      await call(`http://127.0.0.1:${ingress}/asks/${id}/run/send`, {});
      await isAsked;
      return {
        wake: async () => {
          const goesOn = new Promise((done) => void woken.set(id, done));
          await call(`http://127.0.0.1:${ingress}/asks/${id}/answer`, { accepted: true });
          await goesOn;
        },
      };
    },
    close: async () => {
      server.kill();
      await once(server, 'exit');
      http.close();
      rmSync(dir, { recursive: true, force: true });
      return undefined;
    },
  };
}
