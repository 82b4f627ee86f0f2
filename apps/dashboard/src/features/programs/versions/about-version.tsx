import type { JsonObject, ProgramMetadata } from '@loopwright/protocol';
import { Link } from '@tanstack/react-router';
import type { ReactElement, ReactNode } from 'react';
import { dollarText, durationText, percentText } from '../../../shared/time/format.ts';
import { Time } from '../../../shared/time/time.tsx';
import { Copyable } from '../../../shared/ui/copyable.tsx';
import { JsonView } from '../../../shared/ui/json-view.tsx';

const STRATEGIES: Readonly<Record<ProgramMetadata['synthesis_strategy'], string>> = {
  rule: 'Rules',
  ml: 'Learned from examples',
  hybrid: 'Rules and learning',
  dsl: 'A language of its own',
  auto: 'Written by a model, or by hand',
};

/** Where a version came from, and what was known about it when it was stored. */
export function AboutVersion({ version }: { version: ProgramMetadata }): ReactElement {
  const { execution_id: execution, tenant: _tenant, ...evidence } = version.metadata;
  const model = [version.llm_provider, version.llm_model].filter((part) => part !== null).join('/');
  const { lines_of_code: lines } = version.complexity_metrics;
  const isMade = typeof execution === 'string';
  return (
    <div className="stack">
      <dl className="facts">
        <Fact name="Digest">
          <Copyable text={version.digest} label="the digest" />
        </Fact>
        <Fact name="Stored">
          <Time at={version.created_at} />
        </Fact>
        <Fact name="State when stored">{version.status}</Fact>
        <Fact name="Language">{version.language}</Fact>
        <Fact name="Made by">{STRATEGIES[version.synthesis_strategy]}</Fact>
        <Fact name="Model">{model === '' ? <NotMeasured why="no model took part" /> : <code>{model}</code>}</Fact>
        <Fact name="Execution">
          {isMade ? (
            <Link to="/orchestrator/executions/$executionId" params={{ executionId: execution }} className="mono">
              {execution}
            </Link>
          ) : (
            <NotMeasured why="the version does not say which execution made it" />
          )}
        </Fact>
        <Fact name="Confidence">
          {isMade ? percentText(version.confidence_score) : <NotMeasured why="nothing was evaluated when it was stored" />}
        </Fact>
        <Fact name="Cost of models">
          {isMade ? dollarText(version.generation_cost) : <NotMeasured why="it was not generated here" />}
        </Fact>
        <Fact name="Took">
          {isMade ? durationText(version.generation_time_sec) : <NotMeasured why="it was not generated here" />}
        </Fact>
        <Fact name="Lines of code">{lines ?? <NotMeasured why="nobody counted when it was stored" />}</Fact>
      </dl>
      <Part title="Takes" value={version.input_schema} empty="Anything: no schema was given." />
      <Part title="Gives" value={version.output_schema} empty="Anything: no schema was given." />
      <Part title="Evidence" value={evidence} empty="None was stored with it." />
    </div>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }): ReactElement {
  return (
    <>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </>
  );
}

function NotMeasured({ why }: { why: string }): ReactElement {
  return <span className="muted">Not measured: {why}</span>;
}

function Part({ title, value, empty }: { title: string; value: JsonObject; empty: string }): ReactElement {
  return (
    <section className="stack" aria-label={title}>
      <h3>{title}</h3>
      {Object.keys(value).length === 0 ? <p className="muted">{empty}</p> : <JsonView value={value} />}
    </section>
  );
}
