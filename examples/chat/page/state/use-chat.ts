// What everything on the page needs: the connection, and the list of conversations on it. Made once for the window, outside of React,
// which may mount twice.
import { useCallback, useEffect, useState } from 'react';
import { listChannel } from '../../shared/names.ts';
import { type Connection, connect } from './connection.ts';
import { ConversationList } from './conversation-list.ts';

export interface Ready extends Connection {
  readonly list: ConversationList;
}

let starting: Promise<Ready> | null = null;

function start(): Promise<Ready> {
  starting ??= connect().then(
    (connection) => ({
      ...connection,
      list: new ConversationList(connection.client, listChannel(connection.user)),
    }),
    (error: unknown) => {
      starting = null;
      throw error;
    },
  );
  return starting;
}

export function useChat(): {
  readonly chat: Ready | null;
  readonly error: unknown;
  readonly retry: () => void;
} {
  const [chat, setChat] = useState<Ready | null>(null);
  const [error, setError] = useState<unknown>(null);
  const retry = useCallback(() => {
    setError(null);
    start().then(setChat, setError);
  }, []);
  useEffect(retry, [retry]);
  return { chat, error, retry };
}
