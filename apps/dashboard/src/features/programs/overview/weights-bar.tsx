import type { ProgramAlias } from '@loopwright/protocol';
import type { ReactElement } from 'react';

/** Which versions answer, and how much each, as a bar with the same in words. */
export function WeightsBar({ weights }: Pick<ProgramAlias, 'weights'>): ReactElement {
  const words = weights.map(({ version, percentage }) => `v${version} answers ${percentage} %`).join(', ');
  return (
    <div className="weights" role="img" aria-label={words}>
      {weights
        .filter(({ percentage }) => percentage > 0)
        .map(({ version, percentage }, at) => (
          <span key={version} className={at === 0 ? 'weight' : 'weight weight-candidate'} style={{ flexGrow: percentage }}>
            <span className="truncate">
              v{version} · {percentage} %
            </span>
          </span>
        ))}
    </div>
  );
}
