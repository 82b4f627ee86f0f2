import type { MatchShare, ValidationSummary } from '@loopwright/protocol';
import { useQuery } from '@tanstack/react-query';
import type { ReactElement } from 'react';
import { countText, dollarText, percentText } from '../../../shared/time/format.ts';
import { ErrorState, Loading, Stat } from '../../../shared/ui/states.tsx';
import { validationQuery } from '../program-queries.ts';
import { ScrollTable } from '../../../shared/ui/scroll-table.tsx';

const ORACLES = { people: 'People', program: 'A reference program', model: 'A model' } as const;

/** How often the program is right, as far as an oracle was asked. */
export function ValidationSection({ name }: { name: string }): ReactElement {
  const { data, error, refetch } = useQuery(validationQuery(name));
  if (data === undefined)
    return error === null ? (
      <Loading label="Loading the validations" />
    ) : (
      <ErrorState error={error} retry={() => void refetch()} />
    );
  const { budget } = data;
  return (
    <section className="stack" aria-label="Validation">
      <h2>Validation</h2>
      <dl className="stats">
        <Stat label="Who says what is right" value={ORACLES[data.oracle]} />
        <Stat label="Requests that are chosen" value={`${percentText(data.rate)}, ${data.strategy.replaceAll('_', ' ')}`} />
        <Stat label="Wait for an answer" value={countText(data.samples.open + data.samples.claimed)} />
        <Stat label="Answered" value={countText(data.samples.answered)} />
        <Stat
          label="Spent today"
          value={
            budget.limit_usd === null
              ? dollarText(budget.spent_usd)
              : `${dollarText(budget.spent_usd)} of ${dollarText(budget.limit_usd)}`
          }
        />
      </dl>
      {data.versions.length === 0 ? (
        <p className="muted">Not measured: nothing was validated yet.</p>
      ) : (
        <Versions versions={data.versions} />
      )}
    </section>
  );
}

function Versions({ versions }: Pick<ValidationSummary, 'versions'>): ReactElement {
  return (
    <ScrollTable
      label="Right answers by version"
      heads={['Version', 'Right, of all traffic', 'Right, of all validated', 'Where it is worst']}
    >
      {versions
        .toSorted((a, b) => (b.version ?? 0) - (a.version ?? 0))
        .map(({ version, estimate, all, by_slice: slices }) => (
          <tr key={version ?? 'none'}>
            <th scope="row">{version === null ? 'not recorded' : `v${version}`}</th>
            <td>
              <Share share={estimate} none="no sample was taken by chance alone" />
            </td>
            <td>
              <Share share={all} none="nothing was validated" />
            </td>
            <td>{worstOf(slices)}</td>
          </tr>
        ))}
    </ScrollTable>
  );
}

function Share({ share: { share, low, high, matched, total }, none }: { share: MatchShare; none: string }): ReactElement {
  if (share === null) return <span className="muted">Not measured: {none}</span>;
  return (
    <span className="nowrap numeric" title={`${matched} of ${total}; the interval holds with 95 %`}>
      <strong>{percentText(share)}</strong>{' '}
      <span className="muted">
        ({percentText(low)} to {percentText(high)}, {countText(total)} samples)
      </span>
    </span>
  );
}

/** The kind of input that is right least often. */
function worstOf(slices: Readonly<Record<string, MatchShare>>): string {
  const known = Object.entries(slices).flatMap(([slice, { share, total }]) => (share === null ? [] : [{ slice, share, total }]));
  const [worst] = known.toSorted((a, b) => a.share - b.share);
  if (worst === undefined) return '–';
  return worst.share === 1 ? 'nowhere' : `${worst.slice} inputs: ${percentText(worst.share)} of ${worst.total}`;
}
