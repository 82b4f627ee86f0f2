import type { StreamMessage } from './stream-message.ts';

/** Why the server closes a stream. */
export type Farewell =
  /** Nothing more can come. */
  | 'end'
  /** The server goes; another one will come. */
  | 'closing'
  /** The reader took nothing for too long. */
  | 'too_slow'
  /** The reader may not see this any more. */
  | 'forbidden';

/** The connection of one reader. */
export interface Outlet {
  /** Bytes that were sent and that the reader did not take yet. */
  readonly buffered: number;
  readonly isOpen: boolean;
  send(message: StreamMessage): void;
  /** Holds back what is sent until `uncork`, so that several messages are one write. */
  cork(): void;
  uncork(): void;
  /** Shows that the connection lives; `cursor` is how far the reader is, where it moved past what it does not want. */
  ping(cursor: number | null): void;
  /** Whether the reader owes the answer to an earlier ping. */
  readonly isSilent: boolean;
  /** Takes leave; what was sent before still goes out. */
  close(why: Farewell, cursor: number): void;
  /** Cuts the connection. */
  destroy(): void;
  /** Called when the reader took something, and once when the connection is closed. */
  onDrain(run: () => void): void;
  onClosed(run: () => void): void;
}
