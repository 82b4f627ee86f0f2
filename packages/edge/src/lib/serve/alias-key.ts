/** Names an alias of a program in one text: neither has an `@` in its name. */
export function aliasKey(taskId: string, alias: string): string {
  return `${taskId}@${alias}`;
}

/** What {@link aliasKey} was made of. */
export function partsOfKey(key: string): readonly [taskId: string, alias: string] {
  const split = key.indexOf('@');
  return [key.slice(0, split), key.slice(split + 1)];
}
