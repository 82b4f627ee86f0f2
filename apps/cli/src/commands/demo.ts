import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Client } from '@loopwright/client';
import { type Json, systemRandom } from '@loopwright/protocol';
import { answerByDefault, answerFromTerminal } from '../demo/answers.ts';
import { fileSource, udhrSource } from '../demo/example-source.ts';
import { type DemoResult, runDemo } from '../demo/run-demo.ts';
import { percent } from '../demo/score-text.ts';
import { ServerProcess } from '../demo/server-process.ts';
import { plainReporter } from '../report/plain-reporter.ts';
import { terminalReporter } from '../report/terminal-reporter.ts';

/** The flags of `loopwright demo`. */
export interface DemoFlags {
  readonly examples?: string;
  readonly program?: string;
  readonly requests: number;
  readonly seed: number;
  readonly interactive?: boolean;
  readonly json?: boolean;
  readonly dataDir: string;
  readonly server?: string;
  readonly unknownLabel?: string;
  readonly accuracyTarget?: number;
}

/** Runs the demonstration against a server of its own, or against the one that `--server` names. Prints the result; throws when it fails. */
export async function demoCommand(flags: DemoFlags): Promise<void> {
  const terminal = process.stderr.isTTY && flags.json !== true;
  const reporter = terminal ? terminalReporter(process.stderr) : plainReporter((line) => process.stderr.write(`${line}\n`));
  const dataDir = resolve(flags.dataDir);
  reporter.title('Loopwright: from labelled examples to a served program');
  const source = flags.examples === undefined ? await udhrSource() : await fileSource(flags.examples);
  const program = flags.program ?? (flags.examples === undefined ? 'language-router' : 'classifier');
  const description =
    flags.examples === undefined
      ? 'Route a message by its language: answer the ISO code of the language the text is written in'
      : `Answer the label of an input, learned from ${source.description}`;

  await using server = flags.server === undefined ? ownServer(dataDir, (text) => reporter.warn(text)) : undefined;
  const client = new Client({ baseUrl: server === undefined ? (flags.server ?? '') : () => server.url() });
  if (server !== undefined) {
    const starting = reporter.begin('Starting the server');
    starting.done(`The server runs on ${await server.url()}`);
  }
  const given: Record<string, Json | undefined> = { UNKNOWN_LABEL: flags.unknownLabel, ACCURACY_TARGET: flags.accuracyTarget };
  const result = await runDemo(
    client,
    { source, program, description, requests: flags.requests, seed: flags.seed, runKey: systemRandom.uuid() },
    { reporter, answerer: flags.interactive === true ? answerFromTerminal() : answerByDefault(given) },
  );
  if (flags.json === true) process.stdout.write(`${JSON.stringify(result)}\n`);
  else process.stdout.write(`\n${summary(result, { dataDir, own: server !== undefined, url: flags.server })}\n`);
}

function ownServer(dataDir: string, warn: (text: string) => void): ServerProcess {
  mkdirSync(dataDir, { recursive: true });
  return new ServerProcess({
    dataDir,
    logFile: join(dataDir, 'server.log'),
    onRestart: (how) => warn(`The server ended (${how}); it is started again and goes on where it was`),
  });
}

function summary(
  { outcome, sampleInput, served, analytics, examples, executionId }: DemoResult,
  { dataDir, own, url }: { dataDir: string; own: boolean; url: string | undefined },
): string {
  const { program, version, digest } = outcome;
  const edge = join(dataDir, 'edge');
  const base = own ? 'http://127.0.0.1:8080' : (url ?? '');
  const rows: [string, string][] = [
    ['Program', `${program}, version ${version}, sha256 ${digest.slice(0, 16)}…`],
    [
      'Accuracy',
      `${percent(outcome.accuracy)} on ${outcome.evaluated_on} inputs it never saw (95 % interval ${percent(outcome.interval.low)} to ${percent(outcome.interval.high)})`,
    ],
    [
      'Served',
      `${served.requests.toLocaleString('en')} requests in ${served.seconds.toFixed(1)} s: ${Math.round(served.perSecond).toLocaleString('en')} requests/s, 16 at a time`,
    ],
    [
      'Latency',
      `p50 ${served.p50.toFixed(2)} ms, p99 ${served.p99.toFixed(2)} ms over HTTP; p50 ${analytics.p50_latency_ms.toFixed(3)} ms, p99 ${analytics.p99_latency_ms.toFixed(3)} ms in the sandbox`,
    ],
    [
      'Today',
      `${analytics.total_executions.toLocaleString('en')} executions logged, ${percent(analytics.success_rate)} successful, ${analytics.failed_executions} failed`,
    ],
    ...(served.repeated > 0
      ? [['Repeated', `${served.repeated} requests, because the server had gone away`] as [string, string]]
      : []),
  ];
  const files: [string, string][] = [
    ['Program and tests', join(edge, 'artifacts', program, `v${version}`)],
    ['Log of executions', join(edge, 'datasets', program, 'executions')],
    ['Daily analytics', join(edge, 'datasets', program, 'analytics')],
    ['Examples', join(dataDir, 'examples', `${examples.digest}.jsonl`)],
  ];
  const lines = (pairs: [string, string][]): string[] => pairs.map(([name, value]) => `  ${name.padEnd(18)}${value}`);
  return [
    ...lines(rows),
    '',
    ...lines(files),
    '',
    'What to do next',
    ...(own ? [`  npm start${dataDir === resolve('.loopwright') ? '' : ` -- --data-dir ${dataDir}`}`] : []),
    `  curl -s ${base}/api/v1/programs/${program}/execute -H 'content-type: application/json' -d ${shellQuoted(JSON.stringify({ input: sampleInput }))}`,
    `  curl -s ${base}/api/v1/executions/${executionId}      # how it came about`,
    `  curl -s ${base}/api/v1/programs/${program}/promotions # why it is live`,
    '  npm run demo -- --examples FILE.jsonl                  # the same with examples of your own',
  ].join('\n');
}

/** A text as one word of a POSIX shell: examples are anybody's data, and the line is there to be pasted. */
function shellQuoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
