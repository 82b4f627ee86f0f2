import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { PlatformError } from '@loopwright/protocol';
import { parse } from 'yaml';
import { configurationDocument, writeConfigurationDocument } from './configuration-document.ts';
import { eventRoutes } from './event-options.ts';
import { nearestName } from './nearest-name.ts';
import { parseArguments } from './parse-arguments.ts';
import { printConfiguration } from './print-configuration.ts';
import { resolveConfiguration } from './resolve-configuration.ts';
import { SETTING_KEYS, SETTINGS } from './settings.ts';

async function folder(file?: string) {
  const path = await mkdtemp(join(tmpdir(), 'loopwright-config-'));
  if (file !== undefined) await writeFile(join(path, 'loopwright.yaml'), file);
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}
const resolveWith = (workingDir: string, argv: string[] = [], environment: Record<string, string> = {}) =>
  resolveConfiguration({ arguments: parseArguments(argv), environment, workingDir });
async function issuesOf(call: Promise<unknown>): Promise<string[]> {
  const error = await call.then(
    () => assert.fail('it was accepted'),
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof PlatformError, String(error));
  assert.equal(error.code, 'INVALID_CONFIGURATION');
  const issues = error.details?.['issues'];
  assert.ok(Array.isArray(issues));
  return issues.map((issue) => Object.values(issue ?? {}).join(': '));
}

describe('resolveConfiguration', () => {
  it('gives the defaults when nobody says anything', async () => {
    await using dir = await folder();
    const { configuration, settings } = await resolveWith(dir.path);
    assert.deepEqual(
      [configuration.host, configuration.port, configuration.dataDir, configuration.workflowsDir, configuration.generatorUrl],
      ['127.0.0.1', 8080, './.loopwright', null, null],
    );
    assert.equal(configuration.generatorRetryDelaySeconds, 1);
    assert.ok(settings.every((setting) => setting.origin === 'default'));
    assert.equal(Object.keys(configuration).length, SETTING_KEYS.length);
  });

  it('reads a list as one in the file, and from text with commas', async () => {
    await using dir = await folder('call_private_hosts: [a.example, 10.0.0.1]\n');
    const fromFile = await resolveWith(dir.path);
    assert.deepEqual(fromFile.configuration.callPrivateHosts, ['a.example', '10.0.0.1']);
    const fromText = await resolveWith(dir.path, [], { LOOPWRIGHT_CALL_PRIVATE_HOSTS: 'localhost, *.b.example' });
    assert.deepEqual(fromText.configuration.callPrivateHosts, ['localhost', '*.b.example']);
  });

  it('takes origins as browsers write them, and nothing that is more than an origin', async () => {
    await using dir = await folder();
    const origins = (text: string): ReturnType<typeof resolveWith> =>
      resolveWith(dir.path, [], { LOOPWRIGHT_CORS_ORIGINS: text });
    const { configuration } = await origins('https://App.Example, http://localhost:5173/, https://b.example:443');
    assert.deepEqual(configuration.corsOrigins, ['https://app.example', 'http://localhost:5173', 'https://b.example']);
    for (const wrong of ['null', '*', 'app.example', 'https://a.example/path', 'https://u:p@a.example', 'file:///x'])
      assert.match((await issuesOf(origins(wrong))).join(' '), /CORS_ORIGINS: (?:Invalid URL|is no origin)/, wrong);
  });

  it('reads routes of events between projects, and refuses what is none', async () => {
    await using dir = await folder('event_routes: ["sales>billing", "*>audit"]\n');
    const { configuration } = await resolveWith(dir.path);
    assert.deepEqual(eventRoutes(configuration), [
      { from: 'sales', to: 'billing' },
      { from: '*', to: 'audit' },
    ]);
    await assert.rejects(resolveWith(dir.path, [], { LOOPWRIGHT_EVENT_ROUTES: 'sales>a>b' }), { code: 'INVALID_CONFIGURATION' });
  });

  it('takes the flag before the environment, the environment before the file, the file before the default', async () => {
    await using dir = await folder('port: 1\nedge_port: 2\nlog_level: warn\ndurability: full\n');
    const { configuration, settings } = await resolveWith(dir.path, ['--port', '11', '--data-dir=/data=x'], {
      LOOPWRIGHT_PORT: '21',
      LOOPWRIGHT_EDGE_PORT: '22',
      LOOPWRIGHT_LOG_LEVEL: '',
    });
    assert.deepEqual([configuration.port, configuration.edgePort, configuration.logLevel], [11, 22, 'warn']);
    assert.equal(configuration.dataDir, '/data=x');
    const origins = Object.fromEntries(settings.map((setting) => [setting.key, setting.origin]));
    assert.equal(origins['port'], 'flag --port');
    assert.equal(origins['edge_port'], 'environment LOOPWRIGHT_EDGE_PORT');
    assert.equal(origins['durability'], `file ${join(dir.path, 'loopwright.yaml')}`);
    assert.equal(origins['host'], 'default');
  });

  it("knows the generation client's own variables, after ours", async () => {
    await using dir = await folder();
    const environment = { PTC_SERVICE_URL: 'http://ptc:8001', PTC_TIMEOUT: '600', PTC_MAX_RETRIES: '5', PTC_RETRY_DELAY: '0.5' };
    const { configuration } = await resolveWith(dir.path, [], { ...environment, LOOPWRIGHT_GENERATOR_MAX_RETRIES: '7' });
    assert.deepEqual(
      [configuration.generatorUrl, configuration.generatorTimeoutSeconds, configuration.generatorMaxRetries],
      ['http://ptc:8001', 600, 7],
    );
    assert.equal(configuration.generatorRetryDelaySeconds, 0.5);
  });

  it('reports everything that is wrong at once, with the nearest known name', async () => {
    await using dir = await folder('prot: 1\nbody_max_kb: many\n');
    const issues = await issuesOf(
      resolveWith(dir.path, ['--date-dir', 'x', '--port=70000', 'stray', '--edge-port', '--zzzzzzzzzz'], {
        LOOPWRIGHT_DURABILTY: 'full',
        LOOPWRIGHT_HOST: ' ',
        LOOPWRIGHT_LOG_LEVEL: 'loud',
      }),
    );
    const text = issues.join('\n');
    assert.match(text, /flag --date-dir: there is no such setting; did you mean "--data-dir"\?/);
    assert.ok(!text.includes('argument "x"'));
    assert.match(text, /flag --port: .*70000/);
    assert.match(text, /argument "stray"/);
    assert.match(text, /flag --edge-port: its value is missing/);
    assert.match(text, /flag --zzzzzzzzzz: there is no such setting$/m);
    assert.match(text, /environment LOOPWRIGHT_DURABILTY: .*"LOOPWRIGHT_DURABILITY"/);
    assert.match(text, /environment LOOPWRIGHT_HOST: /);
    assert.match(text, /environment LOOPWRIGHT_LOG_LEVEL: .*"loud"/);
    assert.match(text, /loopwright\.yaml: prot: .*"port"/);
    assert.match(text, /loopwright\.yaml: body_max_kb: .*"many"/);
  });

  it('takes null for what may be null, and lets named variables of others pass', async () => {
    await using dir = await folder('workflows_dir: x\n');
    const environment = { LOOPWRIGHT_URL: 'http://x' };
    const sources = { arguments: parseArguments(['--workflows-dir', 'null']), environment, workingDir: dir.path };
    const { configuration } = await resolveConfiguration({ ...sources, otherVariables: ['LOOPWRIGHT_URL'] });
    assert.equal(configuration.workflowsDir, null);
    assert.equal((await issuesOf(resolveConfiguration(sources))).length, 1);
  });

  it('reads the named file and says when it cannot', async () => {
    await using dir = await folder();
    await writeFile(join(dir.path, 'other.yaml'), 'port: 99\n');
    assert.equal((await resolveWith(dir.path, ['--config', 'other.yaml'])).configuration.port, 99);
    assert.match((await issuesOf(resolveWith(dir.path, ['--config=missing.yaml']))).join(), /missing\.yaml: it cannot be read/);
    await writeFile(join(dir.path, 'other.yaml'), 'port: [1\n');
    assert.equal((await issuesOf(resolveWith(dir.path, ['--config', 'other.yaml']))).length, 1);
    await writeFile(join(dir.path, 'other.yaml'), '- port\n');
    assert.match((await issuesOf(resolveWith(dir.path, ['--config', 'other.yaml']))).join(), /not a map/);
    await writeFile(join(dir.path, 'other.yaml'), '# nothing\n');
    assert.equal((await resolveWith(dir.path, ['--config', 'other.yaml'])).configuration.port, 8080);
  });
});

describe('parseArguments', () => {
  it('knows its switches and takes the last of two values', () => {
    const { printConfig, help, flags, issues } = parseArguments(['--print-config', '-h', '--port', '1', '--port=2']);
    assert.deepEqual([printConfig, help, flags.get('port'), issues], [true, true, '2', []]);
    assert.equal(parseArguments(['--help=no']).issues.length, 1);
  });
});

describe('printConfiguration', () => {
  it('writes a file that means the same, with origins and without secrets', async () => {
    await using dir = await folder();
    const resolved = await resolveWith(dir.path, ['--port', '0', '--data-dir', 'a: b # c']);
    const text = printConfiguration(resolved);
    assert.match(text, /^port: 0 # flag --port$/m);
    await writeFile(join(dir.path, 'loopwright.yaml'), text);
    assert.deepEqual((await resolveWith(dir.path)).configuration, resolved.configuration);
    const [first] = resolved.settings;
    assert.ok(first);
    const secret = printConfiguration({ ...resolved, settings: [{ ...first, value: 'hunter2', secret: true }] });
    assert.ok(!secret.includes('hunter2'));
    assert.equal(parse(secret), null);
  });
});

describe('writeConfigurationDocument', () => {
  it('names every setting, and checks without writing', async () => {
    await using dir = await folder();
    const file = join(dir.path, 'docs', 'configuration.md');
    assert.equal(await writeConfigurationDocument(file, { check: true }), false);
    await assert.rejects(readFile(file));
    assert.equal(await writeConfigurationDocument(file), false);
    assert.equal(await writeConfigurationDocument(file, { check: true }), true);
    for (const key of SETTING_KEYS) assert.ok(configurationDocument().includes(`| \`${key}\` |`));
    assert.match(configurationDocument(), /`port` \| whole number, 0 … 65535 \| `8080`/);
  });
});

describe('SETTINGS', () => {
  it('has defaults that its own schemas accept, and a description for each', () => {
    for (const key of SETTING_KEYS) {
      assert.equal(SETTINGS[key].schema.safeParse(SETTINGS[key].default).success, true, key);
      assert.ok(SETTINGS[key].description.length > 10, key);
    }
  });
});

describe('nearestName', () => {
  it('finds what was meant and nothing where nothing is like it', () => {
    assert.equal(nearestName('prot', ['host', 'port']), 'port');
    assert.equal(nearestName('unrelated', ['host', 'port']), undefined);
  });
});
