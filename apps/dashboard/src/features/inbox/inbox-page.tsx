import type { HumanTask, InboxEntry } from '@loopwright/protocol';
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { Link, getRouteApi, useParams } from '@tanstack/react-router';
import { Suspense, lazy, type ReactElement, useRef, useState } from 'react';
import type { DecisionHandle } from '../../shared/human-task/decision-part.ts';
import { Button } from '../../shared/ui/button.tsx';
import { EmptyState, ErrorState, Loading } from '../../shared/ui/states.tsx';
import { DecidedList, OpenList } from './inbox-list.tsx';
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
  const open = useInfiniteQuery({ ...inboxQuery(view === 'anybody' ? 'anybody' : 'me'), enabled: view !== 'decided' });
  const decided = useInfiniteQuery({ ...decidedQuery, enabled: view === 'decided' });
  const list = view === 'decided' ? decided : open;
  const entries: readonly InboxEntry[] = open.data?.pages.flatMap((page) => page.entries) ?? [];
  const tasks: readonly HumanTask[] = decided.data?.pages.flatMap((page) => page.tasks) ?? [];
  const ids = (view === 'decided' ? tasks : entries).map(({ task_id }) => task_id);
  const { data: shown } = useQuery({ ...taskQuery(taskId ?? ''), enabled: taskId !== undefined });
  useLiveInbox(taskId, shown?.execution_id);
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const [dialog, setDialog] = useState<'keys' | 'batch'>();
  const handle = useRef<DecisionHandle>(null);
  const go = useGo(
    ids,
    taskId,
    (id) =>
      void navigate({
        to: '/inbox/$taskId',
        params: { taskId: id },
        search: view === undefined ? {} : { view },
        replace: taskId !== undefined,
      }),
  );
  const choose = (id: string): void =>
    setChosen((before) => new Set(before.has(id) ? [...before].filter((one) => one !== id) : [...before, id]));
  const together = entries.filter(
    ({ task_id: id, kind, is_for_me: isMine }) => chosen.has(id) && kind === 'acceptance' && isMine,
  );
  useInboxKeys({
    j: () => go(1),
    k: () => go(-1),
    a: () => handle.current?.toAccept(),
    r: () => handle.current?.toReject(),
    x: () => {
      if (entries.some(({ task_id: id, kind, is_for_me: isMine }) => id === taskId && kind === 'acceptance' && isMine))
        choose(taskId ?? '');
    },
    b: () => setDialog(together.length > 0 ? 'batch' : undefined),
    '?': () => setDialog('keys'),
  });
  const close = (): void => setDialog(undefined);
  return (
    <div className="page page-fill inbox" data-open={taskId !== undefined}>
      <Head view={view} total={view === 'decided' ? undefined : open.data?.pages[0]?.total} onHelp={() => setDialog('keys')} />
      <div className="inbox-panes">
        <section className="inbox-list" aria-label="List">
          {together.length === 0 ? null : (
            <div className="row inbox-batch" role="status">
              <span className="grow">{together.length} chosen</span>
              <Button small look="primary" onClick={() => setDialog('batch')}>
                Decide together…
              </Button>
              <Button small onClick={() => setChosen(new Set())}>
                None
              </Button>
            </div>
          )}
          {list.isPending ? <Loading label="Loading the inbox" lines={8} /> : null}
          {list.error !== null && ids.length === 0 ? <ErrorState error={list.error} retry={() => void list.refetch()} /> : null}
          {list.isSuccess && ids.length === 0 ? <Nothing view={view} /> : null}
          {view === 'decided' ? (
            <DecidedList tasks={tasks} selected={taskId} />
          ) : (
            <OpenList entries={entries} selected={taskId} chosen={chosen} onChoose={choose} view={view} />
          )}
          {list.hasNextPage ? (
            <Button disabled={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>
              Show more
            </Button>
          ) : null}
        </section>
        <div className="inbox-detail" tabIndex={-1}>
          <Link to="/inbox" search={view === undefined ? {} : { view }} className="button button-small inbox-back">
            Back to the list
          </Link>
          {taskId === undefined ? (
            <Choose isEmpty={ids.length === 0} />
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

/** Goes to the next one or the one before; from one that has left the list, to what took its place. */
function useGo(ids: readonly string[], taskId: string | undefined, open: (id: string) => void): (step: 1 | -1) => void {
  const last = useRef(0);
  const at = taskId === undefined ? -1 : ids.indexOf(taskId);
  if (at >= 0) last.current = at;
  return (step) => {
    const from = taskId === undefined ? (step === 1 ? -1 : ids.length) : at >= 0 ? at : last.current - (step === 1 ? 1 : 0);
    const id = ids[Math.min(Math.max(from + step, 0), ids.length - 1)];
    if (id !== undefined) open(id);
  };
}

function Head({
  view,
  total,
  onHelp,
}: {
  view: InboxSearch['view'];
  total: number | undefined;
  onHelp: () => void;
}): ReactElement {
  const views = [
    [undefined, 'For me'],
    ['anybody', 'For anybody'],
    ['decided', 'Decided'],
  ] as const;
  return (
    <div className="page-head">
      <h1>Inbox</h1>
      <nav aria-label="Views of the inbox" className="row inbox-views">
        {views.map(([id, label]) => (
          <Link
            key={label}
            to="/inbox"
            search={id === undefined ? {} : { view: id }}
            className="button button-small"
            {...(id === view ? { 'aria-current': 'true' as const } : {})}
          >
            {label}
          </Link>
        ))}
      </nav>
      <span className="muted numeric" role="status">
        {total === undefined ? '' : `${total.toLocaleString('en')} open`}
      </span>
      <span className="grow" />
      <Button small look="quiet" aria-keyshortcuts="?" onClick={onHelp}>
        Keys <kbd>?</kbd>
      </Button>
    </div>
  );
}

function Choose({ isEmpty }: { isEmpty: boolean }): ReactElement | null {
  if (isEmpty) return null;
  return (
    <EmptyState title="Choose a question">
      Or press <kbd>j</kbd>. Those that hold up most come first: by priority, then by how many executions and phases wait, then by
      their deadlines.
    </EmptyState>
  );
}

function Nothing({ view }: { view: InboxSearch['view'] }): ReactElement {
  if (view === 'decided')
    return <EmptyState title="Nothing was decided yet">Each decision stands here with its evidence.</EmptyState>;
  return (
    <EmptyState
      title={view === 'anybody' ? 'Nothing waits for anybody' : 'Nothing waits for you'}
      action={
        view === 'anybody' ? (
          <Link to="/orchestrator/runs">All runs</Link>
        ) : (
          <Link to="/inbox" search={{ view: 'anybody' }}>
            What waits for anybody
          </Link>
        )
      }
    >
      Questions and acceptances of runs appear here by themselves, as soon as they are asked.
    </EmptyState>
  );
}
