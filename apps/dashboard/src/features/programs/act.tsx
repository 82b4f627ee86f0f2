import { PlatformError } from '@loopwright/protocol';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type ReactElement, type ReactNode, useState } from 'react';
import { AskDialog } from '../../shared/ui/ask-dialog.tsx';
import { TextArea } from '../../shared/ui/field.tsx';
import { showToast } from '../../shared/ui/toasts.tsx';
import { programKey } from './program-queries.ts';

const STALE =
  'Nothing was done: somebody or a rule changed it while this was open. Close this, look at how it stands now, and decide again.';

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
  const stale = isStale(error);
  const doing = { run: () => mutate(), isPending, error: stale ? new Error(STALE) : error };
  return (
    <AskDialog title={title} verb={verb} act={doing} isDanger={isDanger} isOff={isOff || stale} onClose={onClose}>
      {children}
      <TextArea label="Reason" hint="Stands in the record of the program" maxLength={10_000} value={reason} onText={setReason} />
    </AskDialog>
  );
}

/** Whether something was changed by somebody else since it was seen. */
function isStale(error: unknown): boolean {
  return error instanceof PlatformError && (error.code === 'PRECONDITION_FAILED' || error.code === 'ALIAS_MOVED');
}
