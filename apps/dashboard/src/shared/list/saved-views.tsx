import { Suspense, lazy, type ReactElement, useState } from 'react';
import { setPreferences, usePreferences } from '../preferences/preferences.ts';
import { Menu } from '../ui/menu.tsx';
import './list.css';
import { compareTexts } from './merge-rows.ts';

const SaveViewDialog = lazy(async () => ({ default: (await import('./save-view-dialog.tsx')).SaveViewDialog }));

/** What views of a list are made of. */
export interface ViewsOf<Search> {
  /** Names the list among those that have views. */
  readonly list: string;
  readonly builtIn: readonly { readonly name: string; readonly query: Search }[];
  /** Reads what was saved; what cannot be read is the whole list. */
  readonly read: (saved: unknown) => Search;
  /** What a search shows, in words. */
  readonly wordsOf: (search: Search) => string;
}

/** Filters under a name, on this device; the URL is what can be sent to others. */
export function SavedViews<Search extends object>({
  of: { list, builtIn, read, wordsOf },
  search,
  onOpen,
}: {
  of: ViewsOf<Search>;
  search: Search;
  onOpen: (view: Search) => void;
}): ReactElement {
  const { views } = usePreferences();
  const [isNaming, setNaming] = useState(false);
  const own = views[list] ?? [];
  const keep = (next: typeof own): void => setPreferences({ views: { ...views, [list]: next } });
  const save = (name: string): void => {
    keep([...own.filter((view) => view.name !== name), { name, query: JSON.stringify(search) }].slice(-50));
    setNaming(false);
  };
  const opened = (query: string): Search => {
    try {
      return read(JSON.parse(query));
    } catch {
      return read({});
    }
  };
  const present = own.find(({ query }) => sameText(opened(query)) === sameText(search));
  return (
    <>
      <Menu
        label="Views"
        text={present?.name ?? 'Views'}
        sections={[
          {
            entries: builtIn.map((view) => ({
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
          <SaveViewDialog shown={wordsOf(search)} onSave={save} onClose={() => setNaming(false)} />
        </Suspense>
      ) : null}
    </>
  );
}

/** The same for searches that say the same, in whatever order the URL has it. */
function sameText(search: object): string {
  const said = Object.entries(search).filter(([, value]) => value !== undefined);
  return JSON.stringify(said.toSorted(([one], [other]) => compareTexts(one, other)));
}
