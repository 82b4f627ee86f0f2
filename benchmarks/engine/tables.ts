import { quantile } from './measure.ts';
import type { LoadFigures } from './measure.ts';
import type { StoredFigures } from './measure-stored.ts';
import type { SubjectRounds } from './main.ts';

const median = (values: readonly number[]): number => quantile(values, 0.5);
const rounded = (value: number): string =>
  Number.isNaN(value) ? '–' : value >= 100 ? Math.round(value).toLocaleString('en') : value.toFixed(value >= 10 ? 1 : 2);

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

/** Workflows per second and latencies, medians of the rounds, and what that is of the bare loop and of the best peer. */
export function loadTable(subjects: readonly SubjectRounds[]): string {
  const figure = ({ rounds }: SubjectRounds, callers: number, of: (load: LoadFigures) => number): number =>
    median(rounds.flatMap(({ loads }) => loads.filter((load) => load.callers === callers).map(of)));
  const callers = subjects[0]?.rounds[0]?.loads.map((load) => load.callers) ?? [];
  const bareOf = (durability: string): SubjectRounds | undefined =>
    subjects.find((one) => one.durability === durability && one.name.includes('same rows'));
  const peers = subjects.filter(({ name }) => !name.includes('bare') && name !== 'loopwright');
  const rows = subjects.flatMap((subject) =>
    callers.map((count) => {
      const perSecond = (one: SubjectRounds | undefined): number =>
        one === undefined ? Number.NaN : figure(one, count, (load) => load.perSecond);
      const share = perSecond(subject) / perSecond(bareOf(subject.durability));
      const best = peers.length === 0 ? Number.NaN : Math.max(...peers.map(perSecond));
      const times = perSecond(subject) / best;
      return [
        subject.name,
        subject.durability,
        String(count),
        rounded(perSecond(subject)),
        `${rounded(figure(subject, count, ({ p50 }) => p50))} / ${rounded(figure(subject, count, ({ p99 }) => p99))}`,
        Number.isNaN(share) ? '–' : `${(share * 100).toFixed(0)} %`,
        Number.isNaN(times) ? '–' : `${rounded(times)} ×`,
        rounded(figure(subject, count, ({ loopDelayP99 }) => loopDelayP99 ?? Number.NaN)),
        rounded(figure(subject, count, ({ cpuMicroseconds }) => cpuMicroseconds)),
      ];
    }),
  );
  const head = ['subject', 'durability', 'callers', 'workflows/s', 'p50 / p99 ms', 'of the same rows', 'of the best peer'];
  return table([...head, 'loop delay p99 ms', 'CPU µs'], rows);
}

/** How long an answer takes to the first line after the question. */
export function wakeTable(subjects: readonly SubjectRounds[]): string {
  const rows = subjects.map(({ name, durability, rounds }) => {
    const wakes = rounds.flatMap(({ wake }) => wake ?? []);
    return [
      name,
      durability,
      (wakes[0]?.parked ?? 0).toLocaleString('en'),
      rounded(median(wakes.map(({ p50 }) => p50))),
      rounded(median(wakes.map(({ p99 }) => p99))),
      rounded(median(wakes.map(({ megabytes }) => megabytes))),
    ];
  });
  return table(['subject', 'durability', 'parked', 'p50 ms', 'p99 ms', 'process MB'], rows);
}

/** What a full store costs beside an empty one. */
export function storedTable(stores: readonly StoredFigures[]): string {
  const names = [...new Set(stores.flatMap(({ figures }) => Object.keys(figures)))];
  const rows: string[][] = [];
  for (const name of names) {
    const values = stores.map(({ figures }) => figures[name] ?? Number.NaN);
    const ratios = values.slice(1).map((value) => value / (values[0] ?? Number.NaN));
    rows.push([name, ...[...values, ...ratios].map(rounded)]);
  }
  return table(['', ...stores.map(({ name }) => name), ...stores.slice(1).map(() => 'ratio')], rows);
}
