import {
  type BehaviourDiff as Report,
  type DiffClass,
  type ProgramSummary,
  storedDiffSchema,
  systemRandom,
} from '@loopwright/protocol';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { type ReactElement, useState } from 'react';
import { api } from '../../../shared/api/api.ts';
import { useSession } from '../../../shared/api/session.tsx';
import { countText } from '../../../shared/time/format.ts';
import { Time } from '../../../shared/time/time.tsx';
import { Badge, type Tone } from '../../../shared/ui/badge.tsx';
import { Button } from '../../../shared/ui/button.tsx';
import { SelectField } from '../../../shared/ui/field.tsx';
import { EmptyState, ErrorState, Loading, Stat } from '../../../shared/ui/states.tsx';
import '../../../shared/ui/table.css';
import { latencyText } from '../latency-text.ts';
import { diffsQuery, programKey, programPath } from '../program-queries.ts';

const CLASSES: readonly (readonly [DiffClass, string, Tone])[] = [
  ['identical', 'The same', 'good'],
  ['changed', 'Changed', 'warn'],
  ['newly_failing', 'Fail now', 'danger'],
  ['newly_answered', 'Answered now', 'info'],
  ['both_failing', 'Fail in both', 'neutral'],
  ['unstable', 'Not repeatable', 'warn'],
];

/** How two versions answer the same logged inputs: the newest comparison, and making a new one. */
export function BehaviourDiff({
  program,
  candidate,
  incumbent,
}: {
  program: ProgramSummary;
  candidate: number;
  incumbent: number;
}): ReactElement {
  const { can } = useSession();
  const queries = useQueryClient();
  const [last, setLast] = useState(1000);
  const { data, error, refetch } = useQuery(diffsQuery(program.name, candidate));
  const compare = useMutation({
    mutationFn: () =>
      api.call({
        method: 'POST',
        path: programPath(program.name, '/diffs'),
        answer: storedDiffSchema,
        json: { candidate, incumbent, last },
        idempotencyKey: systemRandom.uuid(),
      }),
    onSettled: () => queries.invalidateQueries({ queryKey: [...programKey(program.name), 'diffs'] }),
  });
  if (data === undefined)
    return error === null ? (
      <Loading label="Loading the comparisons" />
    ) : (
      <ErrorState error={error} retry={() => void refetch()} />
    );
  const newest = data.diffs.find(({ report }) => report.incumbent.version === incumbent);
  const reason = can('programs:execute', program.project_id) ? undefined : 'Your role does not let you run the program';
  return (
    <div className="stack">
      <div className="row">
        <SelectField label="Inputs" hideLabel value={String(last)} onChange={({ target }) => setLast(Number(target.value))}>
          {[100, 1000, 10_000].map((count) => (
            <option key={count} value={count}>
              the newest {count.toLocaleString('en')} inputs
            </option>
          ))}
        </SelectField>
        <Button disabled={reason !== undefined || compare.isPending} reason={reason} onClick={() => compare.mutate()}>
          {compare.isPending ? 'Replaying…' : `Replay through v${incumbent} and v${candidate}`}
        </Button>
      </div>
      {newest === undefined ? (
        <EmptyState title="Not compared yet">
          The logged inputs are run through both versions in the sandbox; nobody who uses the program notices.
        </EmptyState>
      ) : (
        <Comparison report={newest.report} at={newest.created_at} by={newest.requested_by} digest={newest.digest} />
      )}
    </div>
  );
}

function Comparison({ report, at, by, digest }: { report: Report; at: string; by: string | null; digest: string }): ReactElement {
  const latency = (ms: number | null): string | null => (ms === null ? null : latencyText(ms));
  const none = 'it answered no input';
  return (
    <>
      <p className="muted">
        {countText(report.inputs)} inputs, compared <Time at={at} />
        {by === null ? '' : ` by ${by}`}, <code title={digest}>sha256:{digest.slice(0, 12)}…</code>
      </p>
      <dl className="stats">
        {CLASSES.map(([kind, label]) => (
          <Stat key={kind} label={label} value={countText(report[kind])} />
        ))}
        <Stat label={`p99 of v${report.incumbent.version}`} value={latency(report.incumbent.p99_latency_ms)} reason={none} />
        <Stat label={`p99 of v${report.candidate.version}`} value={latency(report.candidate.p99_latency_ms)} reason={none} />
      </dl>
      {report.kinds.map((kind) => (
        <section key={`${kind.class}-${kind.kind}`} className="card stack" aria-label={kind.kind}>
          <div className="row">
            <Badge tone={CLASSES.find(([id]) => id === kind.class)?.[2] ?? 'neutral'}>{countText(kind.count)}</Badge>
            <h3>{kind.kind}</h3>
          </div>
          <div className="table-scroll" tabIndex={0} role="region" aria-label={`Inputs: ${kind.kind}`}>
            <table className="table figures">
              <thead>
                <tr>
                  <th scope="col">Input</th>
                  <th scope="col">v{report.incumbent.version}</th>
                  <th scope="col">v{report.candidate.version}</th>
                </tr>
              </thead>
              <tbody>
                {kind.examples.map((example, index) => (
                  <tr key={index}>
                    <td className="mono wrap">{example.input}</td>
                    <td className="mono wrap">{example.incumbent}</td>
                    <td className="mono wrap">{example.candidate}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        </section>
      ))}
      {report.in_other_kinds === 0 ? null : (
        <p className="muted">{countText(report.in_other_kinds)} more inputs changed in other ways.</p>
      )}
    </>
  );
}
