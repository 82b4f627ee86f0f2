import { type ReactElement, useState } from 'react';
import { setPreferences, usePreferences } from '../../shared/preferences/preferences.ts';
import { Button } from '../../shared/ui/button.tsx';
import { Dialog } from '../../shared/ui/dialog.tsx';
import { TextField } from '../../shared/ui/field.tsx';
import { Menu } from '../../shared/ui/menu.tsx';
import { type RunsSearch, filterText, runsSearchSchema } from './runs-search.ts';

const LIST = 'runs';
const BUILT_IN: readonly { readonly name: string; readonly query: RunsSearch }[] = [
  { name: 'Everything', query: {} },
  { name: 'Waiting for me', query: { waiting: true } },
  { name: 'Failed this week', query: { status: 'failed', since: '7d' } },
];

/** Filters under a name, on this device; the URL is what can be sent to others. */
export function SavedViews({ search, onOpen }: { search: RunsSearch; onOpen: (view: RunsSearch) => void }): ReactElement {
  const { views } = usePreferences();
  const [name, setName] = useState<string>();
  const own = views[LIST] ?? [];
  const keep = (next: typeof own): void => setPreferences({ views: { ...views, [LIST]: next } });
  const save = (): void => {
    const trimmed = (name ?? '').trim();
    if (trimmed === '') return;
    keep([...own.filter((view) => view.name !== trimmed), { name: trimmed, query: JSON.stringify(search) }].slice(-50));
    setName(undefined);
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
              { id: 'save', label: 'Save this view…', onAction: () => setName('') },
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
      <Dialog
        title="Save this view"
        isOpen={name !== undefined}
        onClose={() => setName(undefined)}
        actions={
          <>
            <Button onClick={() => setName(undefined)}>Cancel</Button>
            <Button look="primary" disabled={(name ?? '').trim() === ''} onClick={save}>
              Save
            </Button>
          </>
        }
      >
        <p className="muted">Shows {filterText(search)}.</p>
        <TextField
          label="Name"
          maxLength={60}
          value={name ?? ''}
          onChange={({ target }) => setName(target.value)}
          onKeyDown={({ key }) => (key === 'Enter' ? save() : undefined)}
        />
      </Dialog>
    </>
  );
}
