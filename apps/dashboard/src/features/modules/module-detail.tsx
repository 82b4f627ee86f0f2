import type { Module } from '@loopwright/protocol';
import type { ReactElement } from 'react';
import { useSession } from '../../shared/api/session.tsx';
import { countText, durationText } from '../../shared/time/format.ts';
import { Time } from '../../shared/time/time.tsx';
import { Icon } from '../../shared/ui/icon.tsx';
import { Stat } from '../../shared/ui/states.tsx';
import { ModuleActions } from './module-actions.tsx';
import { ModuleLog } from './module-log.tsx';
import { ModuleAlerts, ModulePromises } from './module-promises.tsx';
import { ModuleRequest } from './module-request.tsx';
import { ModuleStatus } from './module-status.tsx';
import type { ModuleRow } from './modules-queries.ts';
import type { ModulesSearch } from './modules-search.ts';
import { ScrollTable, endHeads } from '../../shared/ui/scroll-table.tsx';

/** What the breaker of a channel says, in plain words. */
const BREAKERS: Readonly<Record<string, string>> = { CLOSED: 'Good', OPEN: 'Put aside', HALF_OPEN: 'On trial' };

/** What its own check said. */
const HEALTHS: Readonly<Record<Module['health'], string | null>> = {
  healthy: 'Healthy',
  degraded: 'Degraded',
  unhealthy: 'Unhealthy',
  unknown: null,
};

/** One module: how it is, what it uses, what it may, and what it wrote. */
export function ModuleDetail({ row, search }: { row: ModuleRow; search: ModulesSearch }): ReactElement {
  const { more } = row;
  return (
    <section className="card modules-detail" aria-label={`Module ${row.name}`}>
      <div className="row">
        <h2>{row.name}</h2>
        <ModuleStatus status={row.status} />
        {row.required ? <span className="muted">The server is degraded without it</span> : null}
        <span className="grow" />
        {more === null ? null : <ModuleActions module={more} />}
      </div>
      {row.last_exit === null ? null : (
        <p className={row.status === 'running' ? 'notice' : 'notice notice-warn'}>
          <Icon name={row.status === 'running' ? 'clock' : 'warning'} />
          <span>
            It ended last <Time at={row.last_exit.at} />: {row.last_exit.reason}
            {exitText(row.last_exit)}
          </span>
        </p>
      )}
      {more === null ? null : <ModuleAlerts alerts={more.alerts} />}
      <Figures row={row} />
      {more === null ? <NotAll /> : <Parts module={more} />}
      {more === null ? null : <ModuleRequest key={row.name} module={more} />}
      {more === null ? null : <ModuleLog name={row.name} level={search.level} />}
    </section>
  );
}

function exitText({ code, signal }: NonNullable<ModuleRow['last_exit']>): string {
  if (signal !== null) return ` (${signal})`;
  return code === null ? '' : ` (code ${code})`;
}

function NotAll(): ReactElement {
  const { me } = useSession();
  return (
    <p className="muted">
      This is what the health of the server says to everybody. Its log, what it uses and what can be done with it are for those
      with the permission modules:read; you are {me.role} here.
    </p>
  );
}

function Figures({ row: { more, pid, listen, restarts } }: { row: ModuleRow }): ReactElement {
  const hidden = 'it is not told to you';
  const health = more === null ? null : HEALTHS[more.health];
  const limit = more?.limits.memory_mb ?? null;
  const memory = more?.usage == null ? null : `${Math.round(more.usage.memory_mb)}${limit === null ? '' : ` of ${limit}`} MB`;
  return (
    <dl className="stats">
      <Stat label="Process" value={pid === null ? null : String(pid)} reason="none of this server runs" />
      <Stat label="Listens on" value={listen === null ? null : <code>{listen}</code>} reason="it has announced nothing" />
      <Stat label="Restarts" value={countText(restarts)} />
      <Stat label="Its own check" value={health} reason={more === null ? hidden : 'none is set up, or none was made yet'} />
      <Stat label="Requests under way" value={more === null ? null : countText(more.requests_in_flight)} reason={hidden} />
      <Stat label="Memory" value={memory} reason={more === null ? hidden : (more.usage_reason ?? 'it does not run')} />
    </dl>
  );
}

function Parts({ module }: { module: Module }): ReactElement {
  const { permissions, endpoints } = module;
  const channels = Object.entries(module.channels);
  const list = (patterns: readonly string[] | null): string =>
    patterns === null ? 'all that it announced' : patterns.length === 0 ? 'nothing' : patterns.join(', ');
  return (
    <>
      {channels.length === 0 ? null : (
        <ScrollTable label="Channels" heads={['Channel', 'State', ...endHeads('Requests', 'Failures', 'Taken over', 'Latency')]}>
          {channels.map(([name, { state, requests, failures, taken_over: taken, latency_ms: latency }]) => (
            <tr key={name}>
              <td>{name}</td>
              <td>{BREAKERS[state] ?? state}</td>
              <td className="end numeric">{countText(requests)}</td>
              <td className="end numeric">{countText(failures)}</td>
              <td className="end numeric">{countText(taken)}</td>
              <td className="end numeric">
                {latency === null ? <span className="muted">–</span> : durationText(latency / 1000)}
              </td>
            </tr>
          ))}
        </ScrollTable>
      )}
      <ModulePromises sla={module.sla} />
      <details>
        <summary>What it may, and its routes ({endpoints.length})</summary>
        <dl className="facts modules-facts">
          <dt>Open routes</dt>
          <dd>{list(permissions.routes)}</dd>
          <dt>Secrets</dt>
          <dd>{list(permissions.secrets)}</dd>
          <dt>Services</dt>
          <dd>{list(permissions.services)}</dd>
          <dt>Offers</dt>
          <dd>{list(permissions.provides)}</dd>
          <dt>Writes to</dt>
          <dd>{list(permissions.sends)}</dd>
          <dt>Topics</dt>
          <dd>{list(permissions.topics)}</dd>
          <dt>Announced</dt>
          <dd>
            {endpoints.length === 0 ? 'nothing' : null}
            {endpoints.map(({ path, methods }) => (
              <code key={path} className="modules-route">
                {methods.join(' ')} {path}
              </code>
            ))}
          </dd>
        </dl>
      </details>
    </>
  );
}
