import type { ProfileView } from '@loopwright/protocol';
import type { Draft } from './draft.ts';
import type { NewRunSearch } from './new-run-search.ts';

/** What both forms of a new run work on. */
export interface FormProps {
  readonly search: NewRunSearch;
  readonly onSearch: (next: Partial<NewRunSearch>) => void;
  readonly draft: Draft;
  readonly onDraft: (next: Partial<Draft> | undefined) => void;
  readonly profiles: readonly ProfileView[];
  /** The profile that is chosen. */
  readonly profile: ProfileView | undefined;
}
