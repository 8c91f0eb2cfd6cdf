// Which conversation this window shows: the id in the address, so that a reload, a bookmark and the back button find it again.
import { useCallback, useEffect, useState } from 'react';
import { randomText } from './user.ts';

const HASH = /^#\/([a-z0-9]{1,32})$/;
const newId = (): string => randomText(8);

const idInAddress = (): string | null => HASH.exec(location.hash)?.[1] ?? null;

export interface OpenConversation {
  readonly id: string;
  readonly open: (id: string) => void;
  readonly openNew: () => void;
}

export function useOpenConversation(): OpenConversation {
  const [id, setId] = useState(() => idInAddress() ?? newId());
  useEffect(() => {
    // A new one has its address from the beginning: what is sent and not stored yet is found again by it.
    if (idInAddress() === null) history.replaceState(null, '', `#/${id}`);
    const follow = (): void => setId(idInAddress() ?? newId());
    addEventListener('hashchange', follow);
    return () => removeEventListener('hashchange', follow);
  }, [id]);
  const open = useCallback((next: string) => {
    location.hash = `#/${next}`;
  }, []);
  const openNew = useCallback(() => open(newId()), [open]);
  return { id, open, openNew };
}
