import { programListSchema } from '@loopwright/protocol';
import { type UseQueryResult, useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { type ReactElement, useState } from 'react';
import { Autocomplete, Dialog, Input, Menu, MenuItem, Modal, ModalOverlay, SearchField } from 'react-aria-components';
import type { z } from 'zod';
import { api } from '../shared/api/api.ts';
import { setPreferences } from '../shared/preferences/preferences.ts';
import type { NavigationEntry } from './navigation.ts';

interface Command {
  readonly id: string;
  readonly label: string;
  readonly detail: string;
  readonly run: () => void;
}

/** How many runs, and how many programs, are found. */
const FOUND = 8;

/** Everything by keyboard: pages, programs by name, runs by id or text, and what one likes. */
export function CommandPalette({ pages, onClose }: { pages: readonly NavigationEntry[]; onClose: () => void }): ReactElement {
  const [text, setText] = useState('');
  const navigate = useNavigate();
  const wanted = text.trim();
  const { data: found } = useQuery({
    queryKey: ['palette', wanted],
    enabled: wanted !== '',
    queryFn: () => api.runs.list({ q: wanted.slice(0, 200), limit: FOUND }),
  });
  const { data: served } = useFoundPrograms(wanted);
  const matches = (label: string): boolean => label.toLowerCase().includes(wanted.toLowerCase());
  const commands: Command[] = [
    ...pages.map(({ path, label, key }) => ({ id: path, label, detail: `g ${key}`, run: () => void navigate({ to: path }) })),
    {
      id: 'waiting',
      label: 'Runs that wait for me',
      detail: 'Runs',
      run: () => void navigate({ to: '/orchestrator/runs', search: { waiting: true } }),
    },
    {
      id: 'failed',
      label: 'Runs that failed',
      detail: 'Runs',
      run: () => void navigate({ to: '/orchestrator/runs', search: { status: 'failed' } }),
    },
    {
      id: 'executions',
      label: 'Executions of workflows',
      detail: 'Runs',
      run: () => void navigate({ to: '/orchestrator/executions' }),
    },
    { id: 'dark', label: 'Dark theme', detail: 'Display', run: () => setPreferences({ theme: 'dark' }) },
    { id: 'light', label: 'Light theme', detail: 'Display', run: () => setPreferences({ theme: 'light' }) },
    { id: 'utc', label: 'Times in UTC', detail: 'Display', run: () => setPreferences({ timeZone: 'UTC' }) },
    {
      id: 'zone',
      label: 'Times in the zone of this device',
      detail: 'Display',
      run: () => setPreferences({ timeZone: 'local' }),
    },
    { id: 'absolute', label: 'Absolute times', detail: 'Display', run: () => setPreferences({ timeStyle: 'absolute' }) },
    { id: 'relative', label: 'Relative times', detail: 'Display', run: () => setPreferences({ timeStyle: 'relative' }) },
  ].filter(({ label }) => matches(label));
  const runs: Command[] = (wanted === '' ? [] : (found?.runs ?? [])).map(({ run_id, project_name, profile, status }) => ({
    id: `run-${run_id}`,
    label: project_name ?? run_id,
    detail: `${profile} · ${status} · ${run_id.slice(0, 8)}`,
    run: () => void navigate({ to: '/orchestrator/runs/$runId', params: { runId: run_id } }),
  }));
  const programs: Command[] = (wanted === '' ? [] : (served?.programs ?? [])).map(({ name, active_version: active }) => ({
    id: `program-${name}`,
    label: name,
    detail: active === null ? 'Program' : `Program · v${active}`,
    run: () => void navigate({ to: '/programs/$name', params: { name } }),
  }));
  const shown = [...programs, ...runs, ...commands];
  return (
    <ModalOverlay className="overlay" isOpen isDismissable onOpenChange={(open) => (open ? undefined : onClose())}>
      <Modal className="modal palette">
        <Dialog aria-label="Search and commands" className="palette-dialog">
          <Autocomplete inputValue={text} onInputChange={setText}>
            <SearchField aria-label="Search pages, programs, runs and commands" autoFocus className="palette-search">
              <Input className="input palette-input" placeholder="A page, a program, a run, a command…" />
            </SearchField>
            <Menu
              aria-label="Found"
              className="menu palette-list"
              items={shown}
              renderEmptyState={() => <p className="muted palette-empty">Nothing is called that.</p>}
              onAction={(id) => {
                onClose();
                shown.find((command) => command.id === id)?.run();
              }}
            >
              {({ id, label, detail }) => (
                <MenuItem id={id} textValue={label} className="menu-item">
                  <span className="truncate">{label}</span> <span className="muted nowrap">{detail}</span>
                </MenuItem>
              )}
            </Menu>
          </Autocomplete>
        </Dialog>
      </Modal>
    </ModalOverlay>
  );
}

/** Programs with a text in their names; none for an empty one. */
function useFoundPrograms(wanted: string): UseQueryResult<z.infer<typeof programListSchema>> {
  return useQuery({
    queryKey: ['palette', 'programs', wanted],
    enabled: wanted !== '',
    queryFn: () => {
      const query = new URLSearchParams({ q: wanted.slice(0, 63), limit: String(FOUND) });
      return api.call({ method: 'GET', path: `/api/v1/programs?${query.toString()}`, answer: programListSchema });
    },
  });
}
