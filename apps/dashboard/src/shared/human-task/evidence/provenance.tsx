import { type HumanTask, type ProgramMetadata, jsonObjectSchema } from '@loopwright/protocol';
import { useQuery } from '@tanstack/react-query';
import type { ReactElement, ReactNode } from 'react';
import { durationText } from '../../time/format.ts';
import { Time } from '../../time/time.tsx';
import { Copyable } from '../../ui/copyable.tsx';
import type { ProgramSubject } from './program-subject.ts';
import { executionQuery, versionQuery } from './version-queries.ts';

/** What the version is made of and from: by whom, when, out of which examples, under which definition. */
export function Provenance({ task, subject }: { task: HumanTask; subject: ProgramSubject }): ReactElement {
  const { data: version } = useQuery(versionQuery(subject.program, subject.version));
  const { data: execution } = useQuery(executionQuery(task.execution_id));
  const facts: readonly (readonly [name: string, value: ReactNode])[] = [
    ['Program', `${subject.program}, version ${subject.version}`],
    ['Source', <Copyable key="source" text={subject.digest} label="the digest of the source" />],
    ['Made', version == null ? '–' : <Made key="made" version={version} />],
    ['Made by', version == null ? '–' : makerOf(version)],
    [
      'Unseen examples',
      subject.evaluation?.dataset == null ? (
        <span className="muted">Not shown by the workflow</span>
      ) : (
        <Copyable key="dataset" text={subject.evaluation.dataset} label="the digest of the examples" />
      ),
    ],
    [
      'Definition',
      execution === undefined
        ? '–'
        : `${task.workflow_id} ${execution.definition.version}, ${execution.definition.digest.slice(0, 12)}…`,
    ],
    ['Started', execution === undefined ? '–' : <Started key="started" at={execution.started_at} by={execution.started_by} />],
    ['Execution', <Copyable key="execution" text={task.execution_id} label="the id of the execution" />],
    ['Shown here', <Copyable key="shown" text={task.subject_digest} label="the digest of what is shown" />],
  ];
  return (
    <dl className="facts">
      {facts.map(([name, value]) => (
        <div key={name} className="fact">
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

function Started({ at, by }: { at: string | null; by: string }): ReactElement {
  return (
    <>
      <Time at={at} /> by {by}
    </>
  );
}

function Made({ version: { created_at: at, generation_time_sec: seconds, digest } }: { version: ProgramMetadata }): ReactElement {
  return (
    <span title={digest}>
      <Time at={at} /> in {durationText(seconds)}
    </span>
  );
}

function makerOf({ llm_provider: provider, llm_model: model, synthesis_strategy: strategy, metadata }: ProgramMetadata): string {
  if (provider !== null) return `${provider} ${model ?? ''}`.trim();
  const report = jsonObjectSchema.safeParse(metadata['report']);
  const chosen = report.success ? report.data['model'] : undefined;
  return `Learned from the examples, without a model provider (${typeof chosen === 'string' ? chosen : strategy})`;
}
