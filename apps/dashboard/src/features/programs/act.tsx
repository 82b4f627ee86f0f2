import { PlatformError, messageOf } from '@loopwright/protocol';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type ReactElement, type ReactNode, useState } from 'react';
import { Button } from '../../shared/ui/button.tsx';
import { Dialog } from '../../shared/ui/dialog.tsx';
import { TextArea } from '../../shared/ui/field.tsx';
import { showToast } from '../../shared/ui/toasts.tsx';
import { programKey } from './program-queries.ts';

/** Says exactly what will happen, asks for a reason, and does it to what was seen: what changed meanwhile is not touched. */
export function ConfirmDialog({
  title,
  verb,
  done,
  name,
  children,
  act,
  isDanger = false,
  isOff = false,
  onClose,
}: {
  title: string;
  verb: string;
  /** What is said when it is done. */
  done: string;
  /** Of the program, which is loaded again afterwards. */
  name: string;
  children: ReactNode;
  act: (reason: string | undefined) => Promise<unknown>;
  isDanger?: boolean;
  /** Whether what was typed cannot be done. */
  isOff?: boolean;
  onClose: () => void;
}): ReactElement {
  const queries = useQueryClient();
  const [reason, setReason] = useState('');
  const { mutate, isPending, error } = useMutation({
    meta: { quiet: true },
    mutationFn: () => act(reason.trim() === '' ? undefined : reason.trim()),
    onSuccess: () => {
      showToast(done);
      onClose();
    },
    onSettled: () => queries.invalidateQueries({ queryKey: programKey(name) }),
  });
  return (
    <Dialog
      title={title}
      isOpen
      isAlert={isDanger}
      onClose={onClose}
      actions={
        <>
          <Button onClick={onClose}>Leave it</Button>
          <Button look={isDanger ? 'danger' : 'primary'} disabled={isPending || isOff || isStale(error)} onClick={() => mutate()}>
            {verb}
          </Button>
        </>
      }
    >
      {children}
      <TextArea
        label="Reason"
        hint="Stands in the record of the program"
        maxLength={10_000}
        value={reason}
        onChange={({ target }) => setReason(target.value)}
      />
      {error === null ? null : (
        <p className="field-error" role="alert">
          {isStale(error)
            ? 'Nothing was done: somebody or a rule changed it while this was open. Close this, look at how it stands now, and decide again.'
            : messageOf(error)}
        </p>
      )}
    </Dialog>
  );
}

/** Whether something was changed by somebody else since it was seen. */
function isStale(error: unknown): boolean {
  return error instanceof PlatformError && (error.code === 'PRECONDITION_FAILED' || error.code === 'ALIAS_MOVED');
}
