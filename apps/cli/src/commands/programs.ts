import type { AliasName, Client, SeenAlias } from '@loopwright/client';
import { PlatformError, type ProgramAlias, type TimelineEntry, toJson } from '@loopwright/protocol';
import { Command, InvalidArgumentError } from 'commander';
import { type ServerFlags, serverCommands } from './server-commands.ts';

/** `loopwright programs alias …`: where the aliases of a program point, and moving them. `write` takes what is printed. */
export function programsCommand(write: (text: string) => void): Command {
  const programs = new Command('programs').description('Programs of a running server');
  const { add, at } = serverCommands(programs.command('alias').description('Pointers to versions: `active` and others'), write);
  add('list <program>', 'Where all aliases of a program point').action(async (program: string, flags: ServerFlags) => {
    const { client, print } = at(flags);
    const aliases = await client.aliases.list(program);
    print(toJson(aliases), aliases.map(lineOf));
  });
  add('show <program> <alias>', 'Where one alias points').action(async (program: string, alias: string, flags: ServerFlags) => {
    const { client, print } = at(flags);
    const { alias: seen } = await client.aliases.get({ program, alias });
    print(toJson(seen), [lineOf(seen)]);
  });
  add('set <program> <alias>', 'Let an alias point to a version; makes it when there is none')
    .requiredOption('--to <version>', 'the version', versionOf)
    .option('--from <version>', 'only if it points to this version now', versionOf)
    .option('--comment <text>', 'why')
    .action(async (program: string, alias: string, flags: ServerFlags & { to: number; from?: number; comment?: string }) => {
      const { client, print } = at(flags);
      const { alias: moved } = await set(client, { program, alias }, flags);
      print(toJson(moved), [lineOf(moved)]);
    });
  add('rollback <program> <alias>', 'Let an alias point to the version that it pointed to before')
    .option('--reason <text>', 'why')
    .action(async (program: string, alias: string, flags: ServerFlags & { reason?: string }) => {
      const { client, print } = at(flags);
      const { etag } = await client.aliases.get({ program, alias });
      const { alias: moved } = await client.aliases.rollBack({ program, alias }, { etag, reason: flags.reason });
      print(toJson(moved), [lineOf(moved)]);
    });
  add('remove <program> <alias>', 'Remove an alias; its history stays').action(
    async (program: string, alias: string, flags: ServerFlags) => {
      const { client, print } = at(flags);
      const { etag } = await client.aliases.get({ program, alias });
      const removed = await client.aliases.remove({ program, alias }, { etag });
      print(toJson(removed), [`Removed ${lineOf(removed)}`]);
    },
  );
  add('history <program> <alias>', 'Where an alias pointed when, by whom and why; also of one that was removed')
    .option('--at <time>', 'only where it pointed at an instant, such as 2026-11-22T10:00:00Z')
    .action(async (program: string, alias: string, flags: ServerFlags & { at?: string }) => {
      const { client, print } = at(flags);
      const entries = await historyOf(client, { program, alias }, flags.at);
      print(toJson(entries), entries.length === 0 ? ['Nowhere'] : entries.map(entryLine));
    });
  return programs;
}

/** Moves an alias from where it is now, or makes it. */
async function set(
  client: Client,
  name: AliasName,
  { to, from, comment }: { readonly to: number; readonly from?: number; readonly comment?: string },
): Promise<SeenAlias> {
  const seen = await client.aliases.get(name).catch((error: unknown) => {
    if (from === undefined && error instanceof PlatformError && error.code === 'ALIAS_NOT_FOUND') return undefined;
    throw error;
  });
  if (seen === undefined) return client.aliases.make(name, to, comment);
  const { version } = seen.alias;
  if (from !== undefined && from !== version)
    throw new PlatformError('ALIAS_MOVED', `Cannot move the alias "${name.alias}": it points to version ${version}`, {
      details: { expected: from, active: version },
    });
  return client.aliases.move(name, { version: to, etag: seen.etag, comment });
}

/** All of it, page by page, the oldest first; or only where it pointed at an instant. */
async function historyOf(client: Client, name: AliasName, at: string | undefined): Promise<TimelineEntry[]> {
  if (at !== undefined) {
    const { active } = await client.aliases.timeline(name, { at });
    return active === null ? [] : [active];
  }
  const entries: TimelineEntry[] = [];
  let cursor: string | undefined;
  do {
    const page = await client.aliases.timeline(name, { cursor });
    entries.push(...page.entries);
    cursor = page.next_cursor ?? undefined;
  } while (cursor !== undefined);
  return entries;
}

function lineOf({ alias, version, moved_at: at, weights }: ProgramAlias): string {
  const shares = weights.map((weight) => `v${weight.version} ${weight.percentage} %`).join(', ');
  return `${alias.padEnd(12)}  ${version === null ? 'nothing' : `v${version}`}  ${at ?? ''}${weights.length > 1 ? `  (${shares})` : ''}`;
}

function entryLine({ version, at, until, moved_by: by, why, is_rollback: isRollback }: TimelineEntry): string {
  const notes = [by ?? '', isRollback ? 'rollback' : '', why ?? ''].filter((note) => note !== '').join('  ');
  return `v${version}  ${at} – ${until ?? 'now'}  ${notes}`;
}

function versionOf(text: string): number {
  const version = Number(text.replace(/^v/u, ''));
  if (!Number.isInteger(version) || version < 1) throw new InvalidArgumentError('It must be the number of a version.');
  return version;
}
