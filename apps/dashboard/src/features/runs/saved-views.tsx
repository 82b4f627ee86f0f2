import { Suspense, lazy, type ReactElement, useState } from 'react';
import { setPreferences, usePreferences } from '../../shared/preferences/preferences.ts';
import { Menu } from '../../shared/ui/menu.tsx';
import { type RunsSearch, filterText, runsSearchSchema } from './runs-search.ts';

const SaveViewDialog = lazy(async () => ({ default: (await import('./save-view-dialog.tsx')).SaveViewDialog }));
const LIST = 'runs';
const BUILT_IN: readonly { readonly name: string; readonly query: RunsSearch }[] = [
  { name: 'Everything', query: {} },
  { name: 'Waiting for me', query: { waiting: true } },
  { name: 'Failed this week', query: { status: 'failed', since: '7d' } },
];

/** Filters under a name, on this device; the URL is what can be sent to others. */
export function SavedViews({ search, onOpen }: { search: RunsSearch; onOpen: (view: RunsSearch) => void }): ReactElement {
  const { views } = usePreferences();
  const [isNaming, setNaming] = useState(false);
  const own = views[LIST] ?? [];
  const keep = (next: typeof own): void => setPreferences({ views: { ...views, [LIST]: next } });
  const save = (name: string): void => {
    keep([...own.filter((view) => view.name !== name), { name, query: JSON.stringify(search) }].slice(-50));
    setNaming(false);
  };
  const opened = (query: string): RunsSearch => {
    try {
      return runsSearchSchema.parse(JSON.parse(query));
    } catch {
      return {};
    }
  };
  const present = own.find(({ query }) => query === JSON.stringify(search));
  return (
    <>
      <Menu
        label="Views"
        text={present?.name ?? 'Views'}
        sections={[
          {
            entries: BUILT_IN.map((view) => ({
              id: `built-in-${view.name}`,
              label: view.name,
              onAction: () => onOpen(view.query),
            })),
          },
          ...(own.length === 0
            ? []
            : [
                {
                  title: 'Saved',
                  entries: own.map((view) => ({
                    id: `own-${view.name}`,
                    label: view.name,
                    onAction: () => onOpen(opened(view.query)),
                  })),
                },
              ]),
          {
            entries: [
              { id: 'save', label: 'Save this view…', onAction: () => setNaming(true) },
              ...(present === undefined
                ? []
                : [
                    {
                      id: 'remove',
                      label: `Remove “${present.name}”`,
                      onAction: () => keep(own.filter((view) => view !== present)),
                    },
                  ]),
            ],
          },
        ]}
      />
      {isNaming ? (
        <Suspense>
          <SaveViewDialog shown={filterText(search)} onSave={save} onClose={() => setNaming(false)} />
        </Suspense>
      ) : null}
    </>
  );
}
