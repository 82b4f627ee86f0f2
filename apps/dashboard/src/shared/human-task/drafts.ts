import { useState } from 'react';
import type { Typed } from './answer-values.ts';

/** What was typed and not sent, by question: it is there again when one comes back to it, until the page is loaded anew. */
const drafts = new Map<string, Readonly<Record<string, Typed>>>();

/** The values of a form about one task, kept while other ones are looked at. */
export function useDraft(
  taskId: string,
  initial: () => Readonly<Record<string, Typed>>,
): [values: Readonly<Record<string, Typed>>, set: (name: string, value: Typed) => void] {
  const [values, setValues] = useState(() => drafts.get(taskId) ?? initial());
  const set = (name: string, value: Typed): void =>
    setValues((before) => {
      const next = { ...before, [name]: value };
      drafts.set(taskId, next);
      return next;
    });
  return [values, set];
}

/** Forgets what was typed about a task that is decided. */
export function forgetDraft(taskId: string): void {
  drafts.delete(taskId);
}
