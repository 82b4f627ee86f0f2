import { useState } from 'react';
import { z } from 'zod';
import { type Draft, EMPTY_DRAFT } from './draft.ts';

const draftSchema = z.object({
  name: z.string(),
  intake: z.string(),
  mode: z.enum(['manual', 'auto']),
  program: z.string(),
  holdout: z.string(),
  budget: z.string(),
});

/** What is typed, kept in this tab of the browser for one user, so that a reload or another page loses nothing; `undefined` forgets it. */
export function useDraft(userId: string): [draft: Draft, change: (next: Partial<Draft> | undefined) => void] {
  const key = `loopwright.new-run.${userId}`;
  const [draft, setDraft] = useState(() => read(key));
  const change = (next: Partial<Draft> | undefined): void =>
    setDraft((before) => {
      const after = next === undefined ? EMPTY_DRAFT : { ...before, ...next };
      write(key, after);
      return after;
    });
  return [draft, change];
}

function read(key: string): Draft {
  try {
    return draftSchema.parse(JSON.parse(sessionStorage.getItem(key) ?? ''));
  } catch {
    return EMPTY_DRAFT;
  }
}

function write(key: string, draft: Draft): void {
  try {
    if (draft === EMPTY_DRAFT) sessionStorage.removeItem(key);
    else sessionStorage.setItem(key, JSON.stringify(draft));
  } catch {
    // A browser that keeps nothing, or has no room: the draft is lost with the page, which is no reason to refuse it.
  }
}
