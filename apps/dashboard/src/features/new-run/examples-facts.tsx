import type { ExampleFacts, ExamplesDescription } from '@loopwright/protocol';
import { useQuery } from '@tanstack/react-query';
import type { ReactElement } from 'react';
import { exactText, percentText, sizeText } from '../../shared/time/format.ts';
import { Button } from '../../shared/ui/button.tsx';
import { Icon } from '../../shared/ui/icon.tsx';
import { ErrorState, Loading, Stat } from '../../shared/ui/states.tsx';
import { examplesQuery, factsQuery } from './new-run-queries.ts';
import { useSettled } from './use-settled.ts';
import { Samples } from './samples.tsx';
import { ScrollTable, endHeads } from '../../shared/ui/scroll-table.tsx';

const LABELS_SHOWN = 12;
const KINDS = { text: 'Texts', tabular: 'Records', other: 'Other values' } as const;

/** What was inferred from the examples: shape, labels, repetition, contradiction, leakage, and what to do about it. */
export function ExamplesFacts({
  digest,
  holdout,
  onRemove,
}: {
  digest: string;
  /** The share that the run will hold out. */
  holdout: number;
  onRemove: () => void;
}): ReactElement {
  const set = useQuery(examplesQuery(digest));
  const share = useSettled(holdout);
  const facts = useQuery(factsQuery(digest, share));
  const away = (
    <Button small icon="close" onClick={onRemove}>
      Other examples
    </Button>
  );
  if (set.error !== null)
    return (
      <>
        <ErrorState error={set.error} retry={() => void set.refetch()} />
        <div className="row">{away}</div>
      </>
    );
  if (set.data === undefined) return <Loading label="Loading the examples" lines={4} />;
  return (
    <>
      <div className="row">
        <strong role="status">
          {exactText(set.data.count)} examples, {sizeText(set.data.bytes)}
        </strong>
        <span className="grow" />
        {away}
      </div>
      <Shape set={set.data} facts={facts.data} problem={facts.error?.message} />
      {facts.data === undefined ? (
        facts.error === null ? (
          <Loading label="Measuring the examples" lines={4} />
        ) : (
          <ErrorState error={facts.error} retry={() => void facts.refetch()} />
        )
      ) : (
        <Found facts={facts.data} share={share} isOld={facts.isPlaceholderData || share !== holdout} />
      )}
    </>
  );
}

function Shape({
  set,
  facts,
  problem = 'it is under way',
}: {
  set: ExamplesDescription;
  facts: ExampleFacts | undefined;
  problem: string | undefined;
}): ReactElement {
  const near = facts === undefined ? null : facts.duplicates.near === null ? 'none' : exactText(facts.duplicates.near);
  const leaks = facts === undefined ? null : (facts.leakage.label_in_text ?? facts.leakage.fields.length);
  return (
    <dl className="stats">
      <Stat label="Inputs" value={KINDS[facts?.kind ?? set.kind]} />
      <Stat label="Classes" value={facts === undefined ? null : exactText(facts.classes)} reason={problem} />
      <Stat label="Repeat an earlier one" value={exactText(set.duplicates)} />
      <Stat
        label="Nearly repeat one"
        value={facts?.kind === 'text' ? near : null}
        reason={facts === undefined ? problem : 'only texts'}
      />
      <Stat label="Inputs with two answers" value={exactText(set.conflicts)} />
      <Stat
        label={facts?.kind === 'text' ? 'Texts that name their label' : 'Fields that tell the label'}
        value={leaks === null ? null : exactText(leaks)}
        reason={problem}
      />
    </dl>
  );
}

function Found({ facts, share, isOld }: { facts: ExampleFacts; share: number; isOld: boolean }): ReactElement {
  const { count, holdout: held } = facts;
  return (
    <>
      <p className="muted" role="status" aria-busy={isOld}>
        {isOld
          ? 'Measuring with the new share…'
          : `With ${percentText(share)} held out: ${exactText(count - held)} to learn from, ${exactText(held)} to be judged by.`}
      </p>
      {facts.warnings.length === 0 ? (
        <p className="notice">
          <Icon name="check" />
          Nothing speaks against these examples.
        </p>
      ) : (
        <div className="notice notice-warn">
          <Icon name="warning" />
          <ul aria-label="What speaks against these examples">
            {facts.warnings.map((warning) => (
              <li key={warning}>{warning}.</li>
            ))}
          </ul>
        </div>
      )}
      <Labels facts={facts} />
      {facts.fields.length === 0 ? null : <Fields facts={facts} />}
      <Samples facts={facts} />
    </>
  );
}

function Labels({ facts: { labels, classes, count } }: { facts: ExampleFacts }): ReactElement {
  const shown = labels.slice(0, LABELS_SHOWN);
  const most = shown[0]?.count ?? 1;
  return (
    <div>
      <h3>Labels</h3>
      <ul className="new-run-labels" aria-label="Labels">
        {shown.map(({ label, count: of, holdout }) => (
          <li key={label}>
            <span className="truncate" title={label}>
              {label}
            </span>
            <span className="new-run-bar" aria-hidden="true">
              <span style={{ width: `${(100 * of) / most}%` }} />
            </span>
            <span className="numeric nowrap">
              {exactText(of)} <span className="muted">{percentText(of / count)}</span>
            </span>
            <span className="muted nowrap new-run-held">{exactText(holdout)} held out</span>
          </li>
        ))}
      </ul>
      {classes > shown.length ? <p className="muted">And {exactText(classes - shown.length)} more.</p> : null}
    </div>
  );
}

function Fields({ facts: { fields, count } }: { facts: ExampleFacts }): ReactElement {
  return (
    <div>
      <h3>Fields</h3>
      <ScrollTable
        label="Fields"
        heads={['Field', 'Type', ...endHeads('Missing', 'Values', 'Tells the label')]}
        look="new-run-fields"
      >
        {fields.map(({ name, type, missing, distinct, tells_label: tells, leaks }) => (
          <tr key={name}>
            <td>
              <code>{name}</code>
            </td>
            <td>{type}</td>
            <td className="end">{missing === 0 ? '0' : percentText(missing / count)}</td>
            <td className="end">{exactText(distinct)}</td>
            <td className="end">
              {percentText(tells)}
              {leaks ? ' (leaks)' : ''}
            </td>
          </tr>
        ))}
      </ScrollTable>
    </div>
  );
}
