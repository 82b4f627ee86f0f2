import type { ExampleFacts } from '@loopwright/protocol';
import type { ReactElement } from 'react';

type Sample = ExampleFacts['leakage']['samples'][number];

/** Examples that contradict each other or give their label away, in their own words. */
export function Samples({ facts: { conflicts, leakage } }: { facts: ExampleFacts }): ReactElement {
  return (
    <>
      {conflicts.samples.length === 0 ? null : (
        <details>
          <summary>Nearly equal, with different labels ({conflicts.samples.length} shown)</summary>
          <ul className="new-run-samples">
            {conflicts.samples.map(({ first, second }) => (
              <li key={`${first.line} ${second.line}`}>
                <Line sample={first} />
                <Line sample={second} />
              </li>
            ))}
          </ul>
        </details>
      )}
      {leakage.samples.length === 0 ? null : (
        <details>
          <summary>Texts that name their label ({leakage.samples.length} shown)</summary>
          <ul className="new-run-samples">
            {leakage.samples.map((sample) => (
              <li key={sample.line}>
                <Line sample={sample} />
              </li>
            ))}
          </ul>
        </details>
      )}
    </>
  );
}

function Line({ sample: { excerpt, label } }: { sample: Sample }): ReactElement {
  return (
    <span>
      <strong>{label}</strong> {excerpt}
    </span>
  );
}
