import { readFileSync, readdirSync } from 'node:fs';

/** The kernel closes a descriptor with this flag when another program is started. */
const CLOSE_ON_EXEC = 0o2_000_000;

/**
 * Descriptors of this process that any process it starts would have too. Node opens none, but what started this one may have left some open, and
 * Node takes care of the first few only. Empty where the kernel does not tell.
 */
export function inheritedDescriptors(): number[] {
  try {
    return readdirSync('/proc/self/fd').map(Number).filter(isInherited);
  } catch {
    return [];
  }
}

function isInherited(descriptor: number): boolean {
  try {
    const [, flags] = /^flags:\s+([0-7]+)/mu.exec(readFileSync(`/proc/self/fdinfo/${descriptor}`, 'utf8')) ?? [];
    return flags !== undefined && (Number.parseInt(flags, 8) & CLOSE_ON_EXEC) === 0;
  } catch {
    // That of the listing itself: it is closed by now.
    return false;
  }
}
