/** The version of `@loopwright/module-sdk` that a new module is made for. */
export const SDK_VERSION = '0.1.0';

/** The files of a new module, by path. `name` has only lower-case letters, digits and hyphens. */
export function moduleTemplate(name: string): Readonly<Record<string, string>> {
  return {
    'package.json': `${JSON.stringify(manifest(name), undefined, 2)}\n`,
    'tsconfig.json': `${JSON.stringify(TSCONFIG, undefined, 2)}\n`,
    '.gitignore': 'node_modules/\n',
    'README.md': readme(name),
    'src/main.ts': MAIN,
    'src/module.ts': moduleSource(name),
    'src/module.test.ts': TEST,
  };
}

function manifest(name: string): object {
  return {
    name,
    version: '0.1.0',
    private: true,
    type: 'module',
    engines: { node: '>=24' },
    scripts: { start: 'node src/main.ts', test: 'node --test', types: 'tsc' },
    dependencies: { '@loopwright/module-sdk': SDK_VERSION },
    devDependencies: { '@types/node': '24.19.2', typescript: '7.0.2' },
  };
}

const TSCONFIG = {
  compilerOptions: {
    target: 'es2024',
    lib: ['es2024', 'esnext.disposable'],
    module: 'nodenext',
    types: ['node'],
    strict: true,
    noEmit: true,
    erasableSyntaxOnly: true,
    allowImportingTsExtensions: true,
    skipLibCheck: true,
  },
  include: ['src'],
};

const MAIN = `import { runModule } from '@loopwright/module-sdk';
import { start } from './module.ts';

await runModule(start);
`;

function moduleSource(name: string): string {
  return `import { defineModule, parseJsonBody, success } from '@loopwright/module-sdk';

/** The module: \`main.ts\` runs it in a process of its own, the tests run it against a host in memory. */
export const start = defineModule({
  name: '${name}',
  version: '0.1.0',
  metrics: true,
  state: ({ env }) => ({ greeting: env['GREETING'] ?? 'Hello', greeted: 0 }),
  isHealthy: ({ state }) => state.greeting !== '',
  endpoints: {
    'POST /greet': async (request, { state }) => {
      const name = await parseJsonBody(request);
      state.greeted += 1;
      return success({ text: \`\${state.greeting}, \${String(name)}!\`, greeted: state.greeted });
    },
  },
  messages: {
    // What other modules may ask over the host.
    greeted: (_content, { state }) => state.greeted,
  },
});
`;
}

const TEST = `import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createTestHost } from '@loopwright/module-sdk';
import { start } from './module.ts';

describe('the module', () => {
  it('greets, and counts whom it has greeted', async () => {
    await using host = createTestHost({ start, init: { env: { GREETING: 'Good morning' } } });
    await host.announced;
    await host.http.fetch('/greet', { method: 'POST', body: '"Ada"' });
    const response = await host.http.fetch('/greet', { method: 'POST', body: '"Grace"' });
    const { data } = (await response.json()) as { data: unknown };
    assert.deepEqual(data, { text: 'Good morning, Grace!', greeted: 2 });
  });

  it('refuses a body that is no JSON', async () => {
    await using host = createTestHost({ start });
    await host.announced;
    assert.equal((await host.http.fetch('/greet', { method: 'POST', body: '{' })).status, 400);
  });

  it('says that it is well, and stops when it is asked to', async () => {
    await using host = createTestHost({ start });
    await host.announced;
    assert.equal((await host.http.fetch('/health')).status, 200);
    assert.equal(await host.shutdown(), 'stopped');
    assert.deepEqual(host.reports, []);
  });
});
`;

function readme(name: string): string {
  return `# ${name}

A module: a process that an orchestrator starts and talks to over its standard streams. Node 24 runs it without a build.

- \`src/module.ts\` says what it is: secrets, state, endpoints, health, messages.
- \`src/module.test.ts\` runs it against a host in memory: \`npm test\`.
- \`src/main.ts\` is the process: \`npm start\`, with the init object as the first line of its standard input. Log to standard error; standard output belongs to the protocol.
- A Loopwright server runs it when its \`modules.yaml\` says \`modules: { ${name}: { command: node, args: [src/main.ts], cwd: path/to/${name} } }\`.
`;
}
