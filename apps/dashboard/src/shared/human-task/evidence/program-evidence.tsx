import type { HumanTask } from '@loopwright/protocol';
import { useQuery } from '@tanstack/react-query';
import { Suspense, lazy, type ReactElement, useState } from 'react';
import { dollarText, latencyText } from '../../time/format.ts';
import { JsonView } from '../../ui/json-view.tsx';
import { Loading, Stat } from '../../ui/states.tsx';
import { type TabItem, Tabs } from '../../ui/tabs.tsx';
import { BehaviourDiffView } from './behaviour-diff.tsx';
import { Criteria } from './criteria.tsx';
import { Mistakes } from './mistakes.tsx';
import type { ProgramSubject } from './program-subject.ts';
import { Provenance } from './provenance.tsx';
import { Score } from './score.tsx';
import { versionQuery } from './version-queries.ts';

const CodeDiff = lazy(async () => ({ default: (await import('./code-diff.tsx')).CodeDiff }));

/** A version of a program that is to be served: how good it is, what would change, what it is made of and where it is from. */
export function ProgramEvidence({ task, subject }: { task: HumanTask; subject: ProgramSubject }): ReactElement {
  const [tab, setTab] = useState('behaviour');
  const changes = subject.behaviour_diff?.report;
  const differing = changes == null ? undefined : changes.inputs - changes.identical;
  const tabs: TabItem[] = [
    {
      id: 'behaviour',
      label: differing === undefined ? 'Behaviour' : `Behaviour (${differing.toLocaleString('en')})`,
      panel: <BehaviourDiffView diff={subject.behaviour_diff} />,
    },
    {
      id: 'mistakes',
      label: 'Mistakes',
      panel: <Mistakes evaluation={subject.evaluation} classes={subject.classes} />,
    },
    ...(subject.verdicts.length === 0
      ? []
      : [{ id: 'criteria', label: 'Criteria', panel: <Criteria verdicts={subject.verdicts} /> }]),
    {
      id: 'code',
      label: 'Code',
      panel: (
        <Suspense fallback={<Loading label="Loading the code" />}>
          {tab === 'code' ? <CodeDiff subject={subject} /> : null}
        </Suspense>
      ),
    },
    { id: 'provenance', label: 'Provenance', panel: <Provenance task={task} subject={subject} /> },
    {
      id: 'all',
      label: 'All',
      panel: (
        <div className="subject" tabIndex={0} role="region" aria-label="Everything that the digest covers">
          <JsonView value={task.subject} />
        </div>
      ),
    },
  ];
  return (
    <div className="stack">
      <Figures subject={subject} />
      <Tabs label="Evidence" tabs={tabs} selected={tab} onSelect={setTab} />
    </div>
  );
}

function Figures({ subject }: { subject: ProgramSubject }): ReactElement {
  const { data: version } = useQuery(versionQuery(subject.program, subject.version));
  const { tests, evaluation, active_version: active } = subject;
  const cost = version?.generation_cost ?? null;
  return (
    <>
      <Score subject={subject} />
      <dl className="stats">
        <Stat
          label="Tests"
          value={tests === null ? null : `${tests.passed} of ${tests.passed + tests.failed} pass`}
          reason="the generator reported none"
        />
        <Stat
          label="Latency, p50 / p99"
          value={
            evaluation === null ? null : `${latencyText(evaluation.latency_ms.p50)} / ${latencyText(evaluation.latency_ms.p99)}`
          }
          reason="the workflow does not show it"
        />
        <Stat
          label="Cost of making it"
          value={cost === null ? null : version?.llm_provider == null ? 'No model was asked' : dollarText(cost)}
          reason="the version cannot be read"
        />
        <Stat label="Takes the place of" value={active === null ? 'Nothing: it is the first' : `Version ${active}`} />
      </dl>
    </>
  );
}
