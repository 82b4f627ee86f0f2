import { type ProgramAlias, type ProgramSummary, programAliasSchema, systemRandom } from '@loopwright/protocol';
import { type ReactElement, useState } from 'react';
import { api } from '../../../shared/api/api.ts';
import { SelectField } from '../../../shared/ui/field.tsx';
import { ConfirmDialog } from '../act.tsx';
import { programPath } from '../program-queries.ts';

/** The alias as it was seen, with its ETag. */
export interface SeenAlias {
  readonly alias: ProgramAlias;
  readonly etag: string;
}

interface Props {
  readonly program: ProgramSummary;
  readonly seen: SeenAlias;
  readonly onClose: () => void;
}

/** What a move does to the requests, in words. */
function Consequence({ seen: { alias }, to }: { seen: SeenAlias; to: string }): ReactElement {
  return (
    <ul className="facts-list">
      <li>
        Every new request is answered by {to}
        {alias.version === null ? '' : ` instead of v${alias.version}`}; requests under way end where they are.
      </li>
      {alias.rollout_id === null ? null : <li>The rollout that is under way ends: it counts only beside v{alias.version}.</li>}
      <li>Nothing is done if somebody else has moved it in the meantime.</li>
      <li>It stands in the history with your name and the reason.</li>
    </ul>
  );
}

/** Asks before the version that was active before is served again. */
export function BackDialog({ program, seen, before, onClose }: Props & { before: number | null }): ReactElement {
  const to = before === null ? 'the version before' : `v${before}`;
  const [key] = useState(() => systemRandom.uuid());
  return (
    <ConfirmDialog
      title={`Roll back to ${to}?`}
      verb={`Serve ${to}`}
      done={`Rolled back to ${to}`}
      name={program.name}
      isDanger
      onClose={onClose}
      act={(reason) =>
        api.call({
          method: 'POST',
          path: programPath(program.name, '/rollback'),
          answer: programAliasSchema,
          json: reason === undefined ? {} : { reason },
          ifMatch: seen.etag,
          idempotencyKey: key,
        })
      }
    >
      <Consequence seen={seen} to={to} />
    </ConfirmDialog>
  );
}

/** Asks which version is served, past the acceptance of a workflow. */
export function MoveDialog({ program, seen, onClose }: Props): ReactElement {
  const others = program.versions.filter((version) => version !== seen.alias.version).toReversed();
  const [version, setVersion] = useState(others[0] ?? 1);
  return (
    <ConfirmDialog
      title="Serve another version?"
      verb={`Serve v${version}`}
      done={`v${version} is active`}
      name={program.name}
      isDanger
      onClose={onClose}
      act={(comment) =>
        api.call({
          method: 'PUT',
          path: programPath(program.name, '/aliases/active'),
          answer: programAliasSchema,
          json: { version, ...(comment === undefined ? {} : { comment }) },
          ifMatch: seen.etag,
        })
      }
    >
      <SelectField label="Version" value={String(version)} onChange={({ target }) => setVersion(Number(target.value))}>
        {others.map((other) => (
          <option key={other} value={other}>
            v{other}
          </option>
        ))}
      </SelectField>
      <Consequence seen={seen} to={`v${version}`} />
      <p className="muted">
        A rollout would give it a small share of the requests first, and take it back by itself when it does worse.
      </p>
    </ConfirmDialog>
  );
}
