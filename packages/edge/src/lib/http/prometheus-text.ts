import type { ProgramMetadata } from '@loopwright/protocol';
import type { ExecutionLog } from '../dataset/execution-log.ts';
import type { SandboxHealth } from '../sandbox/sandbox.ts';

/** The media type of the text format. */
export const PROMETHEUS_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

/** What is measured of an edge. */
export interface Measured {
  readonly health: SandboxHealth;
  readonly programs: readonly {
    readonly metadata: Pick<ProgramMetadata, 'task_id' | 'version'>;
    readonly log: Pick<ExecutionLog, 'today' | 'tornLines' | 'dropped'>;
  }[];
}

type Sample = readonly [labels: string, value: number];

/** The figures of an edge in the text format of Prometheus. Names of programs are plain by their schema, so that labels need no escapes. */
export function prometheusText({ health, programs }: Measured): string {
  const each = (value: (program: Measured['programs'][number]) => number, more = ''): Sample[] =>
    programs.map((program) => [`{program="${program.metadata.task_id}"${more}}`, value(program)]);
  return [
    metric('executions_today', 'gauge', 'Executions of the day, by how they ended', [
      ...each(({ log }) => log.today.successful, ',status="success"'),
      ...each(({ log }) => log.today.total - log.today.successful, ',status="failed"'),
    ]),
    metric(
      'latency_today_milliseconds',
      'gauge',
      'Mean latency of the successes of the day',
      each(({ log }) => log.today.averageMs),
    ),
    metric(
      'active_version',
      'gauge',
      'The version that is served',
      each(({ metadata }) => metadata.version),
    ),
    metric(
      'torn_lines_total',
      'counter',
      'Lines that a crash had cut off and that were removed',
      each(({ log }) => log.tornLines),
    ),
    metric(
      'dropped_records_total',
      'counter',
      'Records that could not be written and were dropped',
      each(({ log }) => log.dropped),
    ),
    metric('sandbox_workers', 'gauge', 'Worker processes that are ready', [['', health.workers]]),
    metric('sandbox_calls', 'gauge', 'Calls that wait or run', [['', health.calls]]),
    metric('sandbox_restarts_total', 'counter', 'Workers that died or had to be killed', [['', health.restarts]]),
    metric('sandbox_walls_missing', 'gauge', 'Walls of the operating system around programs that do not stand', [
      ['', health.walls.filter(({ stands }) => !stands).length],
    ]),
  ].join('');
}

function metric(name: string, type: 'gauge' | 'counter', help: string, samples: readonly Sample[]): string {
  const full = `loopwright_edge_${name}`;
  const lines = samples.map(([labels, value]) => `${full}${labels} ${value}\n`);
  return `# HELP ${full} ${help}\n# TYPE ${full} ${type}\n${lines.join('')}`;
}
