/** Ending of the key that holds the deadline of a part. */
const DEADLINE = '@deadline';

/** The key of the deadline that watches a part of an execution. */
export function deadlineKey(part: string): string {
  return `${part}${DEADLINE}`;
}

/** Whether a key is that of a deadline. */
export function isDeadlineKey(key: string): boolean {
  return key.endsWith(DEADLINE);
}

/** Whether a key lies inside the part of an execution that another key names; the deadline of the part itself does not. */
export function isUnder(key: string, part: string): boolean {
  if (key === `${part}${DEADLINE}`) return false;
  return part === '' || key === part || key.startsWith(`${part}/`) || key.startsWith(`${part}@`);
}

/** The part of an execution that the key of a deadline watches. */
export function watchedPart(key: string): string {
  return key.slice(0, -DEADLINE.length);
}
