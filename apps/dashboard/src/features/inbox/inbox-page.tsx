import type { HumanTask, InboxEntry } from '@loopwright/protocol';
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { Link, getRouteApi, useParams } from '@tanstack/react-router';
import { Suspense, lazy, type ReactElement, useEffect, useRef, useState } from 'react';
import type { DecisionHandle } from '../../shared/human-task/decision-part.ts';
import { InboxHead, NothingOpen } from './inbox-head.tsx';
import { InboxPane, type Listed } from './inbox-pane.tsx';
import { decidedQuery, inboxQuery, taskQuery, useLiveInbox } from './inbox-queries.ts';
import type { InboxSearch } from './inbox-search.ts';
import { InboxTask } from './inbox-task.tsx';
import { useInboxKeys } from './use-inbox-keys.ts';
import './inbox.css';

const BatchDialog = lazy(async () => ({ default: (await import('./batch-dialog.tsx')).BatchDialog }));
const KeyHelp = lazy(async () => ({ default: (await import('./key-help.tsx')).KeyHelp }));
const route = getRouteApi('/inbox');

/** `/inbox` and `/inbox/$taskId`: what waits for people, those questions first that hold up most, beside the one that is open. */
export function InboxPage(): ReactElement {
  const { view } = route.useSearch();
  const { taskId } = useParams({ strict: false });
  const navigate = route.useNavigate();
  const { listed, entries, tasks, total } = useListed(view);
  const { data: shown } = useQuery({ ...taskQuery(taskId ?? ''), enabled: taskId !== undefined });
  useLiveInbox(taskId, shown?.execution_id);
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const [dialog, setDialog] = useState<'keys' | 'batch'>();
  const handle = useRef<DecisionHandle>(null);
  const search = view === undefined ? {} : { view };
  const ids = (view === 'decided' ? tasks : entries).map(({ task_id }) => task_id);
  const go = useGo(
    ids,
    taskId,
    (id) => void navigate({ to: '/inbox/$taskId', params: { taskId: id }, search, replace: taskId !== undefined }),
  );
  const choose = (id: string): void =>
    setChosen((before) => new Set(before.has(id) ? [...before].filter((one) => one !== id) : [...before, id]));
  const choosable = entries.filter(({ kind, is_for_me: isMine }) => kind === 'acceptance' && isMine);
  const together = choosable.filter(({ task_id: id }) => chosen.has(id));
  useInboxKeys({
    j: () => go(1),
    k: () => go(-1),
    a: () => handle.current?.toAccept(),
    r: () => handle.current?.toReject(),
    x: () => {
      if (taskId !== undefined && choosable.some(({ task_id: id }) => id === taskId)) choose(taskId);
    },
    b: () => setDialog(together.length > 0 ? 'batch' : undefined),
    '?': () => setDialog('keys'),
  });
  const close = (): void => setDialog(undefined);
  return (
    <div className="page page-fill inbox" data-open={taskId !== undefined}>
      <InboxHead view={view} total={total} onHelp={() => setDialog('keys')} />
      <div className="inbox-panes">
        <InboxPane
          {...{ view, entries, tasks, chosen, listed }}
          selected={taskId}
          together={together.length}
          onChoose={choose}
          onDecide={() => setDialog('batch')}
          onClear={() => setChosen(new Set())}
        />
        <div className="inbox-detail" tabIndex={-1}>
          <Link to="/inbox" search={search} className="button button-small inbox-back">
            Back to the list
          </Link>
          {taskId === undefined ? (
            <NothingOpen isEmpty={ids.length === 0} />
          ) : (
            <InboxTask key={taskId} taskId={taskId} handle={handle} />
          )}
        </div>
      </div>
      <Suspense>
        {dialog === 'keys' ? <KeyHelp onClose={close} /> : null}
        {dialog === 'batch' ? (
          <BatchDialog
            entries={together}
            onClose={(isDecided) => {
              close();
              if (isDecided) setChosen(new Set());
            }}
          />
        ) : null}
      </Suspense>
    </div>
  );
}

interface InboxLists {
  readonly listed: Listed;
  /** Open ones; none in the view of decisions. */
  readonly entries: readonly InboxEntry[];
  readonly tasks: readonly HumanTask[];
  /** How many are open in all. */
  readonly total: number | undefined;
}

/** The list of a view, as far as it is loaded. */
function useListed(view: InboxSearch['view']): InboxLists {
  const isDecided = view === 'decided';
  const open = useInfiniteQuery({ ...inboxQuery(view === 'anybody' ? 'anybody' : 'me'), enabled: !isDecided });
  const decided = useInfiniteQuery({ ...decidedQuery, enabled: isDecided });
  return {
    listed: isDecided ? decided : open,
    entries: isDecided ? [] : (open.data?.pages.flatMap((page) => page.entries) ?? []),
    tasks: isDecided ? (decided.data?.pages.flatMap((page) => page.tasks) ?? []) : [],
    total: isDecided ? undefined : open.data?.pages[0]?.total,
  };
}

/** Goes to the next one or the one before; from one that has left the list, to what took its place. */
function useGo(ids: readonly string[], taskId: string | undefined, open: (id: string) => void): (step: 1 | -1) => void {
  const last = useRef(0);
  const at = taskId === undefined ? -1 : ids.indexOf(taskId);
  useEffect(() => {
    if (at >= 0) last.current = at;
  }, [at]);
  return (step) => {
    const gone = last.current - (step === 1 ? 1 : 0);
    const beside = step === 1 ? -1 : ids.length;
    const from = taskId === undefined ? beside : at >= 0 ? at : gone;
    const id = ids[Math.min(Math.max(from + step, 0), ids.length - 1)];
    if (id !== undefined) open(id);
  };
}
